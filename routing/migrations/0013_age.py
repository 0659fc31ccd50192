from django.db import migrations, models

from plumbing.migrating import AddIndexBeside


class Migration(migrations.Migration):
    # Indexes by which what is old enough to go is found: built beside the work on these tables, not in its way.
    atomic = False

    dependencies = [
        ('intake', '0006_age'),
        ('routing', '0012_sealed_addresses'),
    ]

    operations = [
        AddIndexBeside(
            model_name='decision',
            index=models.Index(fields=['at'], name='decision_age'),
        ),
        AddIndexBeside(
            model_name='ownernotice',
            index=models.Index(fields=['created_at'], name='notice_age'),
        ),
        AddIndexBeside(
            model_name='rotationturn',
            index=models.Index(fields=['at'], name='turn_age'),
        ),
        AddIndexBeside(
            model_name='slaclock',
            index=models.Index(fields=['started_at'], name='clock_age'),
        ),
    ]
