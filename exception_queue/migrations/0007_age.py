from django.db import migrations, models

from plumbing.migrating import AddIndexBeside


class Migration(migrations.Migration):
    # Indexes by which what is old enough to go is found: built beside the work on these tables, not in its way.
    atomic = False

    dependencies = [
        ('exception_queue', '0006_sealed_addresses'),
    ]

    operations = [
        AddIndexBeside(
            model_name='alertnotice',
            index=models.Index(fields=['created_at'], name='alert_notice_age'),
        ),
        AddIndexBeside(
            model_name='exceptionitem',
            index=models.Index(condition=models.Q(('status__in', ['resolved', 'dismissed'])), fields=['resolved_at'], name='exception_settled_age'),
        ),
    ]
