"""Whoever sees connections sees which contacts made there became leads."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

NEW = {"view_crmconnection": ("view_borncontact",)}


def give(apps, schema_editor):
    crm_sync = apps.get_app_config("crm_sync")
    crm_sync.models_module = True
    create_permissions(crm_sync, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    crm_sync.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="crm_sync")
    rows = {row.codename: row for row in permissions}
    for had, gets in NEW.items():
        new = [rows[name] for name in gets]
        for group in apps.get_model("auth", "Group").objects.filter(permissions=rows[had]):
            group.permissions.add(*new)
        for user in apps.get_model("auth", "User").objects.filter(user_permissions=rows[had]):
            user.user_permissions.add(*new)


class Migration(migrations.Migration):

    dependencies = [
        ("leadops", "0009_what_the_crm_knows"),
        ("crm_sync", "0025_contacts_made_there"),
    ]

    # Backwards they stay: nothing asks for them.
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
