"""Everything that is stored encrypted, whatever layer it belongs to: which key it needs, and the newest one for all of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from crm_sync.models import CrmConnection, CrmLogin
from exception_queue.models import AlertNotice, AlertRule
from intake.models import IntakeForm
from plumbing import secrets
from plumbing.findings import Finding
from plumbing.stored_secrets import secret_fields, tokens_in, with_the_newest_key
from routing.models import Team

MODELS: tuple[type[models.Model], ...] = (
    IntakeForm,
    CrmConnection,
    CrmLogin,
    Team,
    Team.history.model,
    AlertRule,
    AlertNotice,
)
_NAMED = 5


@dataclass
class Rotated:
    """How many secrets got the newest key, how many had it, and the rows that cannot be read."""

    changed: int = 0
    kept: int = 0
    unreadable: list[str] = field(default_factory=list)


def places() -> "list[tuple[type[models.Model], list[models.Field[Any, Any]]]]":
    """Models, history rows too, with their columns that are stored encrypted."""
    return [(model, secret_fields(model)) for model in MODELS]


def rotate() -> Rotated:
    """Row by row, each in a transaction of its own and locked: it may run while everything runs, and again."""
    result = Rotated()
    for model, fields in places():
        for seen in model._base_manager.order_by("pk").iterator():
            tokens = [token for column in fields for token in tokens_in(getattr(seen, column.attname))]
            if all(map(secrets.has_newest_key, tokens)):
                result.kept += len(tokens)
                continue
            with transaction.atomic():
                row = model._base_manager.select_for_update(no_key=True).filter(pk=seen.pk).first()
                if row is not None:
                    _rotate_row(row, fields, result)
    return result


def _rotate_row(row: models.Model, fields: "list[models.Field[Any, Any]]", result: Rotated) -> None:
    changed: dict[str, Any] = {}
    for column in fields:
        value = getattr(row, column.attname)
        tokens = list(tokens_in(value))
        old = [token for token in tokens if not secrets.has_newest_key(token)]
        try:
            if old:
                changed[column.attname] = with_the_newest_key(value)
        except secrets.SecretError:
            result.unreadable.append(_named(row, column))
            continue
        result.changed += len(old)
        result.kept += len(tokens) - len(old)
    if changed:
        # Past `save`: nothing has changed that anybody would look for in the history.
        type(row)._base_manager.filter(pk=row.pk).update(**changed)


def check_stored_secrets() -> Iterator[Finding]:
    """Secrets that need an old key, or one that is gone."""
    old: list[str] = []
    unreadable: list[str] = []
    for model, fields in places():
        for row in model._base_manager.order_by("pk").iterator():
            for column in fields:
                for token in tokens_in(getattr(row, column.attname)):
                    if not secrets.has_newest_key(token):
                        (old if _is_readable(token) else unreadable).append(_named(row, column))
    if unreadable:
        yield Finding(
            "fail",
            f"{_listed(unreadable)} cannot be read with the present LEADOPS_ENCRYPTION_KEYS.",
            hint="Add the key that they were stored with, or enter them again.",
        )
    if old:
        yield Finding(
            "warn",
            f"{_listed(old)} need an old key of LEADOPS_ENCRYPTION_KEYS.",
            hint="Run `manage.py rotate_secrets` before you take that key away.",
        )


def _is_readable(token: str) -> bool:
    try:
        secrets.decrypt(token)
    except secrets.SecretError:
        return False
    return True


def _named(row: models.Model, column: "models.Field[Any, Any]") -> str:
    return f"{row._meta.verbose_name} {row} ({column.verbose_name})"


def _listed(names: list[str]) -> str:
    once = list(dict.fromkeys(names))
    more = f" and {len(once) - _NAMED} more" if len(once) > _NAMED else ""
    return f"Stored secrets: {', '.join(once[:_NAMED])}{more}"
