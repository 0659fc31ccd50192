"""More ways to write companies, countries, phones and postal codes are known: what accounts are found by is made anew."""

from django.db import migrations

from crm_sync.account_keys import keys_of
from intake.values.companies import company_key
from plumbing.bulk import update_rows

BATCH = 2000


def fold(apps, schema_editor):
    rows = apps.get_model("crm_sync", "Account").objects
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH]):
        changed = []
        for row in batch:
            folded = company_key(row.name)[:300]
            keys = keys_of(
                name=row.name,
                domains=row.domains,
                remote_id=row.remote_id,
                country=row.country,
                phone=row.phone,
                postal_code=row.postal_code,
            )
            if (folded, keys) != (row.folded_name, row.match_keys):
                row.folded_name, row.match_keys = folded, keys
                changed.append(row)
        update_rows(changed, fields=["folded_name", "match_keys"])
        after = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("crm_sync", "0037_messages")]

    # Back: the code before folds names by itself when it writes them; until then it finds fewer by name.
    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
