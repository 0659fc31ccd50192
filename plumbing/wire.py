"""Rule 4: no third-party call inside a database transaction."""

from django.db import connections


class WireInTransaction(RuntimeError):
    """A call to a third party was about to be made while a database transaction holds locks."""


def refuse_in_transaction(what: str) -> None:
    """Raise WireInTransaction when any database connection of this thread is in an atomic block.

    Tests that go on the wire run without a surrounding transaction (`django_db(transaction=True)`), like
    the real thing.
    """
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            raise WireInTransaction(
                f"{what} inside a database transaction: write a row and let a sweep do it (rule 4)."
            )
