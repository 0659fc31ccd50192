from django.db import migrations, models

from plumbing.migrating import AddIndexBeside


class Migration(migrations.Migration):
    # Built beside the work on leads, not in its way.
    atomic = False

    dependencies = [
        ('intake', '0009_test_leads'),
    ]

    operations = [
        AddIndexBeside(
            model_name='lead',
            index=models.Index(condition=models.Q(('is_test', True)), fields=['-created_at'], name='lead_test'),
        ),
    ]
