"""What there are connectors for is known in code; events have columns for what their connector has read."""

from datetime import UTC, datetime

import crm_sync.connectors
from django.db import migrations, models


FORMER_DEFAULT = "https://api.hubapi.com"


def read_events(apps, schema_editor):
    """Events that are still to be worked on get what used to be read from their bodies."""
    event_model = apps.get_model("crm_sync", "InboundEvent")
    rows = event_model.objects.filter(status__in=["waiting", "failed"])
    for row in rows.iterator(chunk_size=500):
        body = row.payload if isinstance(row.payload, dict) else {}
        row.property_name = str(body.get("propertyName") or "")[:120]
        row.author_source = str(body.get("changeSource") or "")[:60]
        row.author_id = str(body.get("sourceId") or "")[:120]
        row.recipient = str(body.get("appId") or "")[:60]
        try:
            row.occurred_at = datetime.fromtimestamp(int(body.get("occurredAt")) / 1000, tz=UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            row.occurred_at = None
        row.save(update_fields=["property_name", "author_source", "author_id", "recipient", "occurred_at"])


def forget_default_address(apps, schema_editor):
    """Empty means the CRM's own address now."""
    apps.get_model("crm_sync", "CrmConnection").objects.filter(base_url=FORMER_DEFAULT).update(base_url="")


class Migration(migrations.Migration):

    dependencies = [
        ('crm_sync', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='crmconnection',
            name='api_version',
            field=models.CharField(blank=True, help_text='Empty: the newest that is tested.', max_length=20),
        ),
        migrations.AddField(
            model_name='historicalcrmconnection',
            name='api_version',
            field=models.CharField(blank=True, help_text='Empty: the newest that is tested.', max_length=20),
        ),
        migrations.AddField(
            model_name='inboundevent',
            name='author_id',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='inboundevent',
            name='author_source',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='inboundevent',
            name='occurred_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='inboundevent',
            name='property_name',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='inboundevent',
            name='recipient',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='base_url',
            field=models.URLField(blank=True, help_text="Empty: the CRM's own address."),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='kind',
            field=models.CharField(default=crm_sync.connectors.default_kind, max_length=12),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='base_url',
            field=models.URLField(blank=True, help_text="Empty: the CRM's own address."),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='kind',
            field=models.CharField(default=crm_sync.connectors.default_kind, max_length=12),
        ),
        migrations.AlterField(
            model_name='inboundevent',
            name='payload',
            field=models.JSONField(help_text='As it came, for people.'),
        ),
        migrations.RunPython(read_events, migrations.RunPython.noop),
        migrations.RunPython(forget_default_address, migrations.RunPython.noop),
    ]
