"""Accounts of the mirror get the keys that leads find them by."""

from django.db import migrations

from crm_sync.account_keys import keys_of
from plumbing.bulk import update_rows

BATCH = 2000


def fill(apps, schema_editor):
    rows = apps.get_model("crm_sync", "Account").objects
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH]):
        for row in batch:
            row.match_keys = keys_of(
                name=row.name,
                domains=row.domains,
                remote_id=row.remote_id,
                country=row.country,
                phone=row.phone,
                postal_code=row.postal_code,
            )
        update_rows(batch, fields=["match_keys"])
        after = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("crm_sync", "0018_matching_keys_of_accounts")]

    # Back: the column goes with the migration before.
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
