"""A policy version as long as the field takes. Backwards it works while none is longer than 60 characters: none is cut."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0006_age")]

    operations = [
        migrations.AlterField(
            model_name="consentrecord",
            name="policy_version",
            field=models.CharField(blank=True, max_length=100),
        )
    ]
