from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("exception_queue", "0001_initial")]

    operations = [migrations.RenameField("alertrule", "tell", "notify")]
