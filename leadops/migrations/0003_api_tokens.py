import hashlib

from django.contrib.auth.management import create_permissions
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

OLD_TABLE = "authtoken_token"
SCOPES = ["read", "act", "submit", "admin"]


def take_over(apps, schema_editor):
    """Tokens of rest_framework.authtoken go on working: the same header, the same key, of which a hash is kept.

    They could do all that their user may, and still can. The old table, which holds the keys in plain words, goes with the next
    `manage.py prepare`: until then processes of the older version may read it (leadops/access/older_tokens.py).
    """
    connection = schema_editor.connection
    if OLD_TABLE not in connection.introspection.table_names():
        return
    ApiToken = apps.get_model("leadops", "ApiToken")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key, user_id, created FROM {OLD_TABLE}")
        for key, user, created in cursor.fetchall():
            ApiToken.objects.create(
                name="From before",
                user_id=user,
                digest=hashlib.sha256(key.encode()).hexdigest(),
                start=key[: min(6, len(key) // 4)],
                scopes=SCOPES,
                created_at=created or timezone.now(),
            )


def let_engineers_look(apps, schema_editor):
    """Django makes the rows of permissions after all migrations: too late for this one."""
    app = apps.get_app_config("leadops")
    app.models_module = True
    create_permissions(app, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    app.models_module = None
    look = apps.get_model("auth", "Permission").objects.get(codename="view_operations")
    for group in apps.get_model("auth", "Group").objects.filter(name="Engineer"):
        group.permissions.add(look)


class Migration(migrations.Migration):

    dependencies = [
        ("leadops", "0002_roles"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("start", models.CharField(editable=False, max_length=16)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("read", "Read"), ("act", "Act"), ("submit", "Submit"), ("admin", "Operations")],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
                "ordering": ["-created_at"],
                "permissions": [("view_operations", "Can see metrics, and what readiness says in detail")],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)),
                        fields=("user", "name"),
                        name="apitoken_name_once",
                        violation_error_message="There is a token with this name: revoke it, or choose another name.",
                    )
                ],
            },
        ),
        # Backwards only the rows above go: the older version has its own table, as long as that is there.
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RunPython(let_engineers_look, migrations.RunPython.noop),
    ]
