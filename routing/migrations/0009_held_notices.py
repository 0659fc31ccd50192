from django.db import migrations, models
from django.db.models import F


def hold(apps, schema_editor):
    """Notices that waited for the CRM are due when their grace is over."""
    notices = apps.get_model('routing', 'OwnerNotice').objects
    notices.filter(waits_for_crm=True, status='waiting').update(hold_until=F('due_at'))


def wait(apps, schema_editor):
    notices = apps.get_model('routing', 'OwnerNotice').objects
    notices.filter(hold_until__isnull=False).update(waits_for_crm=True)


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0008_clock_without_generation'),
    ]

    operations = [
        migrations.RenameField(model_name='ownernotice', old_name='crm_behind', new_name='record_behind'),
        migrations.AddField(
            model_name='ownernotice',
            name='hold_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(hold, wait),
        migrations.RemoveField(model_name='ownernotice', name='waits_for_crm'),
    ]
