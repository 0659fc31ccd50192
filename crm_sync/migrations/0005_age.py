from django.db import migrations, models

from plumbing.migrating import AddIndexBeside


class Migration(migrations.Migration):
    # Indexes by which what is old enough to go is found: built beside the work on these tables, not in its way.
    atomic = False

    dependencies = [
        ('crm_sync', '0004_records_that_are_gone'),
    ]

    operations = [
        AddIndexBeside(
            model_name='inboundevent',
            index=models.Index(fields=['received_at'], name='event_age'),
        ),
    ]
