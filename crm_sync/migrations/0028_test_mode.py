from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm_sync', '0027_several_lines_of_one_property'),
    ]

    operations = [
        migrations.AlterField(
            model_name='crmconnection',
            name='mode',
            field=models.CharField(choices=[('observe', 'Observe: it is read, and nothing is written there'), ('test', 'Test: only test leads are written there'), ('live', 'Live')], db_default='live', default='live', max_length=10),
        ),
        migrations.AlterField(
            model_name='historicalcrmconnection',
            name='mode',
            field=models.CharField(choices=[('observe', 'Observe: it is read, and nothing is written there'), ('test', 'Test: only test leads are written there'), ('live', 'Live')], db_default='live', default='live', max_length=10),
        ),
    ]
