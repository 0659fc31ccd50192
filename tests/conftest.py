from collections.abc import Iterator

import pytest
from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations

from tests import make

# Made by migrations and never changed by a test: emptying and refilling them costs more than most tests.
KEPT = {
    "django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "django_migrations",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Committed tests are cleaned up by emptying the tables that have rows, instead of truncating all of them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseOperations, "sql_flush", _delete_rows)
    patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
    yield
    patch.undo()


def _delete_rows(self, style, tables, *, reset_sequences=False, allow_cascade=False) -> list[str]:
    names = ", ".join(f"'{table}'" for table in tables if table not in KEPT)
    return [
        f"""
        DO $$
        DECLARE name text; found boolean;
        BEGIN
            -- Foreign keys and triggers rest: everything goes, so the order does not matter.
            SET LOCAL session_replication_role = replica;
            FOREACH name IN ARRAY ARRAY[{names}] LOOP
                EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO found;
                IF found THEN
                    EXECUTE format('DELETE FROM %I', name);
                END IF;
            END LOOP;
        END $$;
        """
    ]


@pytest.fixture
def acme(db: None) -> None:
    """The demo configuration, published."""
    make.acme()


@pytest.fixture
def committed_acme(transactional_db: None) -> None:
    """The same where other connections see it too."""
    make.acme()
