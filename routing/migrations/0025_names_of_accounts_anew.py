"""More legal forms are known, in front of names too: what named accounts are found by is made anew."""

from django.db import migrations

from intake.values.companies import company_key
from plumbing.bulk import update_rows
from routing.engine.account_match import account_keys

BATCH = 2000


def fold(apps, schema_editor):
    rows = apps.get_model("routing", "NamedAccount").objects
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH]):
        changed = []
        for row in batch:
            keys = account_keys(
                name=company_key(row.company),
                domains=[domain.lower() for domain in row.domains],
                account_id=row.external_id,
                country=row.country,
                phone=row.phone,
                postal_code=row.postal_code,
            )
            if keys != row.match_keys:
                row.match_keys = keys
                changed.append(row)
        update_rows(changed, fields=["match_keys"])
        after = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("routing", "0024_sdr_of_owners")]

    # Back: the code before makes the keys by itself when an account is saved.
    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
