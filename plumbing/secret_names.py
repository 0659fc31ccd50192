"""Which variables of the environment a configuration may name as the place of a secret.

The environment holds our own secrets too: whoever may edit a connection must not be able to send those somewhere.
"""

from collections.abc import Collection, Mapping

PREFIX = "LEADOPS_SECRET_"
SETTING = "LEADOPS_SECRET_NAMES"
# Never, whatever the setting says; nor anything of ours that starts with LEADOPS_ or of PostgreSQL's PG....
_OURS = frozenset({"SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL"})


def may_be_named(name: str, *, listed: Collection[str]) -> bool:
    """`listed` are names without the prefix: those that vendors' documentation uses, and what the operator has added."""
    if name.startswith(PREFIX):
        return name != SETTING
    return name in listed and not is_ours(name)


def is_ours(name: str) -> bool:
    return (
        name == SETTING
        or name in _OURS
        or (name.startswith(("LEADOPS_", "PG")) and not name.startswith(PREFIX))
    )


def nameable(environment: Mapping[str, str], *, listed: Collection[str]) -> dict[str, str]:
    """The part of an environment that a configuration can name."""
    return {name: value for name, value in environment.items() if may_be_named(name, listed=listed)}
