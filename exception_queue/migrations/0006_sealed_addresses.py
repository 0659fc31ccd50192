from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from plumbing.notify_addresses import as_json, from_json, whole

FIELDS = (("alertrule", "notify"), ("alertnotice", "to"))


def seal(apps, schema_editor):
    """A messenger's address lets whoever has it post there, so it is stored encrypted."""
    for model, field in FIELDS:
        for row in apps.get_model("exception_queue", model).objects.iterator():
            setattr(row, f"{field}_sealed", as_json(getattr(row, field)))
            row.save(update_fields=[f"{field}_sealed"])


def unseal(apps, schema_editor):
    for model, field in FIELDS:
        for row in apps.get_model("exception_queue", model).objects.iterator():
            setattr(row, field, [whole(address) for address in from_json(getattr(row, f"{field}_sealed"))])
            row.save(update_fields=[field])


class Migration(migrations.Migration):
    dependencies = [("exception_queue", "0005_headings")]

    operations = [
        *(migrations.AddField(model, f"{field}_sealed", models.JSONField(default=list)) for model, field in FIELDS),
        # With a default, so that the way back can make the column again.
        *(
            migrations.AlterField(model, field, ArrayField(models.CharField(max_length=500), default=list))
            for model, field in FIELDS
        ),
        migrations.RunPython(seal, unseal),
        *(migrations.RemoveField(model, field) for model, field in FIELDS),
        *(migrations.RenameField(model, f"{field}_sealed", field) for model, field in FIELDS),
        migrations.AlterField(
            "alertrule",
            "notify",
            models.JSONField(
                default=list,
                help_text="mailto: addresses, env:NAME, or Apprise addresses (slack://, msteams://, ...), which are stored "
                "encrypted.",
            ),
        ),
        migrations.AlterField(
            "alertnotice", "to", models.JSONField(default=list, help_text="Addresses that still have to be told.")
        ),
    ]
