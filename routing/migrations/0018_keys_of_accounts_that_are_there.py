"""Named accounts get the keys that leads find them by."""

from django.db import migrations

from intake.values.companies import company_key
from plumbing.bulk import update_rows
from routing.engine.account_match import account_keys

BATCH = 2000


def fill(apps, schema_editor):
    rows = apps.get_model("routing", "NamedAccount").objects
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH]):
        for row in batch:
            row.match_keys = account_keys(
                name=company_key(row.company),
                domains=[domain.lower() for domain in row.domains],
                account_id=row.external_id,
                country=row.country,
                phone=row.phone,
                postal_code=row.postal_code,
            )
        update_rows(batch, fields=["match_keys"])
        after = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("routing", "0017_matching_keys_of_accounts")]

    # Back: the column goes with the migration before.
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
