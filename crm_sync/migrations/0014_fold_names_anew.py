"""Legal forms in front of a name, and those of other scripts, do not count any more: names of accounts are folded anew."""

from django.db import migrations

from intake.values.companies import company_key

BATCH = 2000


def fold(apps, schema_editor):
    account = apps.get_model("crm_sync", "Account")
    changed = []
    for row in account.objects.exclude(name="").only("name", "folded_name").iterator(chunk_size=BATCH):
        key = company_key(row.name)[:300]
        if key != row.folded_name:
            row.folded_name = key
            changed.append(row)
        if len(changed) == BATCH:
            account.objects.bulk_update(changed, ["folded_name"])
            changed = []
    if changed:
        account.objects.bulk_update(changed, ["folded_name"])


class Migration(migrations.Migration):
    dependencies = [("crm_sync", "0013_reconciliation")]

    # Back: the code before folds names by itself when it writes them; until then it finds fewer by name.
    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
