"""What `manage.py doctor` says about ways in."""

from collections.abc import Iterable, Iterator

from django.db.models import Q
from django.utils import timezone

from leadops.access import older_tokens, tokens
from leadops.models import ApiToken
from plumbing.counting import counted
from plumbing.findings import Finding


def check_tokens() -> Iterator[Finding]:
    """Tokens that end within days, and those that nobody seems to need."""
    now = timezone.now()
    valid = ApiToken.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, user__is_active=True
    ).order_by("name")
    ending = valid.filter(expires_at__lt=now + tokens.EXPIRES_SOON)
    since = now - tokens.UNUSED_FOR
    unused = valid.filter(Q(last_used_at__lt=since) | Q(last_used_at=None, created_at__lt=since))
    if ending:
        yield Finding(
            "warn",
            f"{counted(len(ending), 'API token')} {'expires' if len(ending) == 1 else 'expire'} within "
            f"{tokens.EXPIRES_SOON.days} days: {_named(ending)}",
            "Make new ones under API tokens, and give them to their programs.",
        )
    if unused:
        yield Finding(
            "warn",
            f"{counted(len(unused), 'API token')} unused for {tokens.UNUSED_FOR.days} days: {_named(unused)}",
            "Revoke them under API tokens if no program needs them.",
        )


def check_older_tokens() -> Iterator[Finding]:
    """Tokens in plain words, left by an older version."""
    if older_tokens.are_there():
        yield Finding(
            "warn",
            "The API tokens of an older version are still kept in plain words, too",
            "Once no process of that version runs, `manage.py doctor --fix` forgets them, or the next `manage.py prepare`.",
            fix=older_tokens.forget,
        )


def _named(rows: Iterable[ApiToken]) -> str:
    return ", ".join(f"“{row.name}” ({row.start}…)" for row in rows)
