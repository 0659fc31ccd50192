from django.db import migrations, models

from plumbing.migrating import AddIndexBeside


class Migration(migrations.Migration):
    # Indexes by which what is old enough to go is found: built beside the work on these tables, not in its way.
    atomic = False

    dependencies = [
        ('intake', '0005_body_removed_at'),
    ]

    operations = [
        AddIndexBeside(
            model_name='submission',
            index=models.Index(condition=models.Q(('body_removed_at__isnull', True), ('status__in', ['handed_off', 'rejected', 'spam'])), fields=['received_at'], name='submission_body_age'),
        ),
        AddIndexBeside(
            model_name='timelineentry',
            index=models.Index(fields=['at'], name='timeline_age'),
        ),
    ]
