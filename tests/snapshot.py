"""What a slow set-up wrote, kept as rows and put back: the demo configuration is applied once per process, not once per test."""

from collections.abc import Callable

from django.db import connection, transaction

_NOT_OURS = {
    "django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "django_migrations",
}  # fmt: skip
# The sequences of these tables' columns, and how far they are.
_SEQUENCES = """
    SELECT quote_ident(q.sequencename), q.last_value
    FROM pg_sequences AS q JOIN pg_depend AS d ON d.objid = quote_ident(q.sequencename)::regclass AND d.deptype IN ('a', 'i')
    WHERE d.refobjid = ANY(%s::regclass[]) AND q.last_value IS NOT NULL
"""


class Snapshot:
    """Rows by table in COPY's text format, and how far each sequence had got."""

    def __init__(self, rows: dict[str, bytes], sequences: list[tuple[str, int]]) -> None:
        self.rows, self.sequences = rows, sequences

    @staticmethod
    def can_be_made() -> bool:
        """Whether the database is empty, so that nothing but the set-up would be remembered."""
        with connection.cursor() as cursor:
            tables = set(connection.introspection.table_names(cursor)) - _NOT_OURS
            some = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in sorted(tables))
            cursor.execute(f"SELECT {some}")
            return not cursor.fetchone()[0]

    @classmethod
    def of(cls, write: Callable[[], object]) -> "Snapshot":
        """Run `write` on an empty database and remember everything that is there afterwards."""
        write()
        rows: dict[str, bytes] = {}
        with connection.cursor() as cursor:
            for table in sorted(set(connection.introspection.table_names(cursor)) - _NOT_OURS):
                with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                    if data := b"".join(bytes(part) for part in copy):
                        rows[table] = data
            cursor.execute(_SEQUENCES, [list(rows)])
            sequences = [(str(name), int(last)) for name, last in cursor.fetchall()]
        return cls(rows, sequences)

    def fits(self) -> bool:
        """Whether none of its tables has a row."""
        some = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in self.rows)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {some}")
            return not cursor.fetchone()[0]

    def restore(self) -> None:
        """Put the rows back into an empty database."""
        with transaction.atomic(), connection.cursor() as cursor:
            # The rows refer to each other; they come as they were, so nothing needs to be checked again.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, data in self.rows.items():
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(data)
            for name, last in self.sequences:
                cursor.execute(
                    f"SELECT setval(%s::regclass, greatest(%s, (SELECT last_value FROM {name})))",
                    [name, last],
                )
            cursor.execute("SET LOCAL session_replication_role = origin")
