"""What `manage.py doctor` says about ways in."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from leadops.access import older_tokens, openid, sign_on, tokens
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


def check_sign_on() -> Iterator[Finding]:
    """Whether single sign-on can let anybody in: the provider answers, and the roles are there."""
    if not openid.is_set_up():
        return
    if missing := sign_on.roles_that_are_not_there():
        yield Finding(
            "warn",
            f"LEADOPS_OIDC_ROLES names {', '.join(missing)}: there is no such group",
            "Correct it, or add the group under People with access.",
        )
    if not settings.LEADOPS_OIDC_ROLES:
        yield Finding(
            "warn",
            "Single sign-on lets nobody in: LEADOPS_OIDC_ROLES is empty",
            "See docs/howto/single-sign-on.md.",
        )
    try:
        openid.discover()
    except openid.SignOnFailed as failed:
        yield Finding("warn", f"Single sign-on does not work: {failed.detail}", failed.words)


def _named(rows: Iterable[ApiToken]) -> str:
    return ", ".join(f"“{row.name}” ({row.start}…)" for row in rows)
