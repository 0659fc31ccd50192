"""Whoever could see everything goes on seeing it: the permission to see everybody's leads and teams is new.

The shipped roles Manager and Rep are for those who see their own and their team's.
"""

from importlib import import_module

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q

SHIPPED = import_module("leadops.migrations.0002_roles").GROUPS
OWN_ROWS = ("Manager", "Rep")
BUSINESS = ("intake", "routing", "exception_queue", "crm_sync")


def give(apps, schema_editor):
    routing = apps.get_app_config("routing")
    routing.models_module = True
    create_permissions(routing, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    routing.models_module = None
    everybody = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="routing", codename="all_teams"
    )
    business = Q(permissions__content_type__app_label__in=BUSINESS)
    for group in apps.get_model("auth", "Group").objects.filter(business).distinct():
        held = group.permissions.values_list("content_type__app_label", "codename")
        is_shipped = {f"{app}.{codename}" for app, codename in held} == set(SHIPPED.get(group.name, ()))
        if not (is_shipped and group.name in OWN_ROWS):
            group.permissions.add(everybody)
    alone = Q(user_permissions__content_type__app_label__in=BUSINESS)
    for user in apps.get_model("auth", "User").objects.filter(alone).distinct():
        user.user_permissions.add(everybody)


class Migration(migrations.Migration):

    dependencies = [
        ("leadops", "0006_retention_marks"),
        ("routing", "0015_rotations_belong_to_the_team_of_their_members"),
    ]

    # Backwards nothing asks for the permission any more.
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
