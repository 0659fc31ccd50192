"""Whoever looks after blocked senders looks after test addresses: the same list of addresses, for another end."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VERBS = ("view", "add", "change", "delete")


def give(apps, schema_editor):
    intake = apps.get_app_config("intake")
    intake.models_module = True
    create_permissions(intake, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    intake.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="intake")
    rows = {row.codename: row for row in permissions}
    for verb in VERBS:
        had, gets = rows[f"{verb}_blockedsender"], rows[f"{verb}_testaddress"]
        for group in apps.get_model("auth", "Group").objects.filter(permissions=had):
            group.permissions.add(gets)
        for user in apps.get_model("auth", "User").objects.filter(user_permissions=had):
            user.user_permissions.add(gets)


class Migration(migrations.Migration):

    dependencies = [
        ("leadops", "0010_contacts_made_there"),
        ("intake", "0009_test_leads"),
    ]

    # Backwards they stay: nothing asks for them.
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
