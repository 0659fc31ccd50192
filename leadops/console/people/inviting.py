"""Letting somebody in: a login with its role, the owner that it is, and a link by which they choose their password.

The link is Django's: it ends with the first use, with a newer one, and after PASSWORD_RESET_TIMEOUT.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from plumbing import notify
from routing.models import Owner, Team


@dataclass(frozen=True, slots=True)
class SignInLink:
    """`problem` says why it was not sent by mail; `show` where somebody has to hand it over."""

    url: str
    until: datetime
    sent_to: str = ""
    problem: str = ""
    show: bool = True


def link_owner(
    user: User, *, new: Owner | None, existing: Owner | None, manages: Team | None, by: Any
) -> None:
    """Write which owner the login is, and whose manager, in the caller's transaction. Each is a history row."""
    owner = new or existing
    if owner is None:
        return
    owner.user = user
    owner._history_user = by  # type: ignore[attr-defined]
    owner.save()
    if manages is not None:
        manages.manager = owner
        manages._history_user = by  # type: ignore[attr-defined]
        manages.save()


def renew_link(user: User) -> None:
    """Whoever has not chosen a password yet: links that were handed out before end here."""
    if not user.has_usable_password():
        with transaction.atomic():
            user.set_unusable_password()
            user.save(update_fields=["password"])


def link_of(user: User) -> str:
    """Where the user chooses a password."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("choose_password", args=(key, default_token_generator.make_token(user)))
    return f"{settings.LEADOPS_PUBLIC_URL}{path}"


def hand_out(user: User, *, by: str, now: datetime) -> SignInLink:
    """Send the link where mail is set up, outside of any transaction; else it is shown once, to whoever asked for it."""
    url, until = link_of(user), now + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    if not settings.EMAIL_URL or not user.email:
        why = "" if user.email else "There is no e-mail address."
        return SignInLink(url, until, problem=why)
    text = (
        f"{by} has let you into leadops ({settings.LEADOPS_PUBLIC_URL}).\n\n"
        f"Choose a password here, until {until:%-d %B %Y, %H:%M} UTC:\n{url}\n\nThen sign in as {user.get_username()}.\n"
    )
    try:
        notify.send(to=[f"mailto:{user.email}"], title="Your login for leadops", body=text)
    except notify.NotifyError as error:
        return SignInLink(url, until, problem=f"The mail could not be sent: {error.message}")
    # Mail that only goes into files reaches nobody.
    return SignInLink(url, until, sent_to=user.email, show=settings.EMAIL_URL.startswith("file://"))


def days_in_words() -> str:
    """ "3 days" """
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
