from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0004_headings'),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='body_removed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
