"""What lets people and programs in."""

from django.contrib.auth.models import User
from django.utils import timezone

from leadops.access import tokens
from leadops.models import ApiToken


def token(user: User, *, name: str = "A program", scopes=tokens.EVERYTHING, **more) -> str:
    """A token of this user's, as its program sends it."""
    return tokens.make(user, name=name, scopes=scopes, now=timezone.now(), **more)[1]


def used(user: User) -> str:
    """The same, used a moment ago: the next call has no use to write down."""
    made = token(user)
    ApiToken.objects.filter(digest=tokens.digest(made)).update(last_used_at=timezone.now())
    return made
