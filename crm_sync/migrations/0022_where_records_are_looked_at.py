"""Addresses of records are read with the properties, at the latest within an hour."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm_sync', '0021_touched_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='crmconnection',
            name='record_address',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=300),
        ),
    ]
