"""Standard words for what had coined ones: backup, CRM owner, holding queue, ownership."""

import django.db.models.deletion
from django.db import migrations, models

SOURCES = [
    ("pipeline", "Automatic"),
    ("console", "Console"),
    ("api", "API"),
    ("crm", "CRM"),
    ("sla", "SLA"),
    ("holding_queue", "Holding queue"),
    ("merge", "Merge"),
    ("deactivation", "Owner switched off"),
]
WHEN_AWAY = [("rotate", "A backup takes this touch"), ("keep", "The owner keeps it")]


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_lead_has_assignment")]

    operations = [
        migrations.RenameField("absence", "cover", "backup"),
        migrations.RenameField("historicalabsence", "cover", "backup"),
        migrations.AlterField(
            "absence",
            "backup",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="backs_up",
                to="routing.owner",
            ),
        ),
        migrations.RenameField("queue", "holder", "crm_owner"),
        migrations.RenameField("historicalqueue", "holder", "crm_owner"),
        migrations.AlterField(
            "queue",
            "crm_owner",
            models.ForeignKey(
                blank=True,
                help_text="Who the CRM shows as owner of leads in this queue. Empty: nobody.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="shown_for_queues",
                to="routing.owner",
            ),
        ),
        migrations.RenameField("queue", "waiting_line", "holding_queue"),
        migrations.RenameField("historicalqueue", "waiting_line", "holding_queue"),
        migrations.RenameField("rotation", "waiting_line", "holding_queue"),
        migrations.RenameField("historicalrotation", "waiting_line", "holding_queue"),
        migrations.RenameField("decision", "standing", "ownership"),
        migrations.AlterField(
            "assignment", "source", models.CharField(choices=SOURCES, default="pipeline", max_length=20)
        ),
        migrations.AlterField(
            "historicalassignment", "source", models.CharField(choices=SOURCES, default="pipeline", max_length=20)
        ),
        migrations.AlterField(
            "historicalroutingsettings",
            "sticky_when_away",
            models.CharField(choices=WHEN_AWAY, default="rotate", max_length=10),
        ),
        migrations.AlterField(
            "routingsettings",
            "sticky_when_away",
            models.CharField(choices=WHEN_AWAY, default="rotate", max_length=10),
        ),
    ]
