"""Groups for the usual kinds of work. A group that is there already stays as it is, and what people change later stays too."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

APPS = ("auth", "intake", "routing", "exception_queue", "crm_sync", "django_celery_beat")


def _look(app, *models):
    return [f"{app}.view_{model}" for model in models]


def _keep(app, *models, verbs=("view", "add", "change")):
    return [f"{app}.{verb}_{model}" for model in models for verb in verbs]


ALL = ("view", "add", "change", "delete")
LOOK = [
    *_look("intake", "lead", "submission", "intakeform", "valuealias", "blockedsender", "companyprofile"),
    *_look(
        "routing", "absence", "namedaccount", "owner", "queue", "rotation", "routingrule", "routingsettings",
        "ruleset", "scoringrule", "slapolicy", "team", "territory", "workcalendar",
    ),
    *_look("exception_queue", "exceptionitem", "alertrule"),
    *_look("crm_sync", "crmconnection", "outboxentry", "inboundevent", "ownerlink"),
]
GROUPS = {
    "Manager": [
        *_look("intake", "submission", "intakeform"),
        *_keep("intake", "lead", verbs=("view", "change")),
        *_keep("exception_queue", "exceptionitem", verbs=("view", "change")),
        *_look("routing", "scoringrule", "slapolicy", "routingsettings", "workcalendar"),
        *_keep("routing", "ruleset", verbs=("view", "add")),
        *_keep("routing", "owner", "rotation", "namedaccount", "queue"),
        *_keep("routing", "team", verbs=("view", "change")),
        *_keep("routing", "absence", "territory", "routingrule", verbs=ALL),
    ],
    "Ops": [
        *LOOK,
        "intake.change_lead",
        "exception_queue.change_exceptionitem",
        "crm_sync.change_outboxentry",
        *_keep("intake", "intakeform"),
        *_keep("crm_sync", "crmconnection"),
        *_keep("intake", "valuealias", "blockedsender", "companyprofile", verbs=ALL),
        *_keep("exception_queue", "alertrule", verbs=ALL),
    ],
    "Rep": [
        *_keep("intake", "lead", verbs=("view", "change")),
        *_look("routing", "owner", "team", "queue", "rotation"),
        *_keep("routing", "absence"),
    ],
    "Engineer": [
        *LOOK,
        *_look(
            "django_celery_beat", "periodictask", "intervalschedule", "crontabschedule", "clockedschedule",
            "solarschedule",
        ),
    ],
    "Viewer": LOOK,
}


def make_groups(apps, schema_editor):
    # Django makes the rows of permissions after all migrations: too late for these.
    for label in APPS:
        app = apps.get_app_config(label)
        app.models_module = True
        create_permissions(app, apps=apps, verbosity=0, using=schema_editor.connection.alias)
        app.models_module = None
    rows = apps.get_model("auth", "Permission").objects.values_list("content_type__app_label", "codename", "pk")
    keys = {f"{app}.{codename}": pk for app, codename, pk in rows}
    for name, permissions in GROUPS.items():
        group, is_new = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        if is_new:
            group.permissions.set({keys[permission] for permission in permissions})


class Migration(migrations.Migration):

    dependencies = [
        ("leadops", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("intake", "0004_headings"),
        ("routing", "0010_headings"),
        ("exception_queue", "0005_headings"),
        ("crm_sync", "0003_headings"),
    ]

    # Backwards they stay: groups are Django's own rows, and people may be in them.
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
