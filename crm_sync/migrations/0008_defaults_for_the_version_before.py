from django.db import migrations, models


class Migration(migrations.Migration):
    # A process of the version before, which runs beside this one during an upgrade, adds rows without these columns.

    dependencies = [
        ('crm_sync', '0007_mirror'),
    ]

    operations = [
        migrations.AlterField(
            model_name='crmconnection',
            name='known_owner',
            field=models.CharField(choices=[('keep', 'Keep the owner there'), ('route_anew', 'Route anew when the owner is inactive or the status is recycled')], db_default='keep', default='keep', max_length=12),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='look_up_ms',
            field=models.PositiveIntegerField(db_default=400, default=400),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='mode',
            field=models.CharField(choices=[('observe', 'Observe: nothing is written there'), ('test', 'Test: only test leads are written'), ('live', 'Live')], db_default='live', default='live', max_length=10),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='ownership',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='poll_seconds',
            field=models.PositiveIntegerField(db_default=30, default=30),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='recycled',
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name='crmconnection',
            name='when',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='known_owner',
            field=models.CharField(choices=[('keep', 'Keep the owner there'), ('route_anew', 'Route anew when the owner is inactive or the status is recycled')], db_default='keep', default='keep', max_length=12),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='look_up_ms',
            field=models.PositiveIntegerField(db_default=400, default=400),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='mode',
            field=models.CharField(choices=[('observe', 'Observe: nothing is written there'), ('test', 'Test: only test leads are written'), ('live', 'Live')], db_default='live', default='live', max_length=10),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='ownership',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='poll_seconds',
            field=models.PositiveIntegerField(db_default=30, default=30),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='recycled',
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='when',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
