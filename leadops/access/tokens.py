"""API tokens: made once, found by their hash, revoked for good.

A token gives what its scopes say and its user may, never more: whoever asks checks both (leadops/api/staff.py).
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q

from leadops.models import ApiToken

Scope = ApiToken.Scope
EVERYTHING = tuple(Scope)
# So that people and programs that look for lost secrets know one when they see it.
PREFIX = "leadops_"
SHOWN = len(PREFIX) + 4
USED_EVERY = timedelta(minutes=1)
EXPIRES_SOON = timedelta(days=7)
UNUSED_FOR = timedelta(days=90)


def make(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    expires_at: datetime | None = None,
    token: str = "",
) -> tuple[ApiToken, str]:
    """The row, and the token itself, which nobody can read again. `token` is one that somebody has chosen."""
    token = token or f"{PREFIX}{secrets.token_urlsafe(32)}"
    row = ApiToken.objects.create(
        user=user,
        name=name,
        digest=digest(token),
        start=start(token),
        scopes=[str(scope) for scope in scopes],
        created_at=now,
        expires_at=expires_at,
    )
    return row, token


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def start(token: str) -> str:
    """What may be shown of it: a few characters, and of a short one less."""
    return token[:SHOWN] if token.startswith(PREFIX) else token[: min(6, len(token) // 4)]


def find(token: str, *, now: datetime) -> ApiToken | None:
    """The row of a token that is valid, with its user; None for any other.

    It is looked up by its hash: how long that takes says nothing about how much of a guess was right. The use is written
    down at most once a minute.
    """
    row = ApiToken.objects.select_related("user").filter(digest=digest(token)).first()
    if row is None or not row.is_valid(now):
        return None
    if row.last_used_at is None or now - row.last_used_at >= USED_EVERY:
        lately = Q(last_used_at__gt=now - USED_EVERY)
        ApiToken.objects.filter(pk=row.pk).exclude(lately).update(last_used_at=now)
    return row


def revoke(row: ApiToken, *, now: datetime) -> None:
    """From this moment on it opens nothing. The row stays, to be looked at."""
    ApiToken.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=now)
