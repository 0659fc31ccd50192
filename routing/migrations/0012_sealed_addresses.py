from django.db import migrations

from plumbing.notify_addresses import as_json, from_json, has_secrets, shown, whole


def seal(apps, schema_editor):
    """A messenger's address lets whoever has it post there: encrypted in teams and their history, and not in exceptions."""
    for model in ("Team", "HistoricalTeam"):
        for row in apps.get_model("routing", model).objects.exclude(notify=[]).iterator():
            row.notify = as_json(row.notify)
            row.save(update_fields=["notify"])
    items = apps.get_model("exception_queue", "ExceptionItem").objects
    for item in items.filter(kind="routing.notice_failed", detail__has_key="to").iterator():
        told = item.detail["to"]
        item.detail["to"] = [shown(each) if has_secrets(each) and "…#" not in each else each for each in told]
        item.save(update_fields=["detail"])


def unseal(apps, schema_editor):
    """Not in exceptions, where the address has been taken out for good."""
    for model in ("Team", "HistoricalTeam"):
        for row in apps.get_model("routing", model).objects.exclude(notify=[]).iterator():
            row.notify = [whole(address) for address in from_json(row.notify)]
            row.save(update_fields=["notify"])


class Migration(migrations.Migration):
    dependencies = [("routing", "0011_notices_that_were_interrupted"), ("exception_queue", "0006_sealed_addresses")]

    operations = [migrations.RunPython(seal, unseal)]
