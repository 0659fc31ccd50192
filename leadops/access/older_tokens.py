"""The table in which an older version kept API tokens in plain words (rest_framework.authtoken).

Their hashes went to ApiToken when it was migrated. The table stays until no process of the older version reads it any more.
"""

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

TABLE = "authtoken_token"
APP = "authtoken"
# Of this app: it has taken the hashes over.
TAKEN_OVER = ("leadops", "0003_api_tokens")


def are_there() -> bool:
    return TABLE in connection.introspection.table_names()


def forget() -> str:
    """Drop it, and what Django knows of it; says what was done."""
    with transaction.atomic():
        ContentType.objects.filter(app_label=APP).delete()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
            cursor.execute("DELETE FROM django_migrations WHERE app = %s", [APP])
    return "The tokens themselves are gone; their hashes are kept."
