"""From what a provider proves to a person here: found, linked or made, with the role that their groups give.

The provider decides at every sign-in. Whoever is in no group that has a role here is refused, and loses what they had.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from leadops.access.openid import SignOnFailed
from leadops.models import SignOnIdentity
from routing.models import Owner

log = logging.getLogger(__name__)

SUPERUSER = "Superuser"
LONGEST_NAME = 150


def admit(claims: dict[str, Any], *, now: datetime) -> User:
    """Who signs in. SignOnFailed, in words for them, where nobody does."""
    email, roles = _email(claims), roles_for(claims)
    try:
        with transaction.atomic():
            user, refusal = _admitted(claims, email, roles, now=now)
    except IntegrityError as error:
        raise SignOnFailed(
            "You have just signed in in another window. Try again.", detail=str(error)
        ) from error
    # Raised when it is committed that a role is gone.
    if user is None:
        raise refusal
    return user


def roles_for(claims: dict[str, Any]) -> set[str]:
    """The roles that somebody's groups give: names of groups here that exist, and `SUPERUSER`."""
    said = claims.get(settings.LEADOPS_OIDC_GROUPS_CLAIM) or []
    groups = {str(group) for group in (said if isinstance(said, list) else [said])}
    wanted = {role for group, role in settings.LEADOPS_OIDC_ROLES.items() if group in groups}
    there = set(Group.objects.filter(name__in=wanted).values_list("name", flat=True))
    return there | (wanted & {SUPERUSER})


def roles_that_are_not_there() -> list[str]:
    """What `LEADOPS_OIDC_ROLES` names in vain."""
    wanted = set(settings.LEADOPS_OIDC_ROLES.values()) - {SUPERUSER}
    return sorted(wanted - set(Group.objects.filter(name__in=wanted).values_list("name", flat=True)))


def _admitted(
    claims: dict[str, Any], email: str, roles: set[str], *, now: datetime
) -> tuple[User | None, SignOnFailed]:
    issuer, subject = settings.LEADOPS_OIDC_ISSUER, str(claims["sub"])
    known = SignOnIdentity.objects.select_for_update().filter(issuer=issuer, subject=subject).first()
    if not roles:
        if known is not None:
            _give(known.user, roles)
        return None, SignOnFailed(
            "You are in no group that has a role in leadops. Ask whoever keeps the groups."
        )
    if known is None:
        user = _by_email(email, roles) or _make(email)
        known = SignOnIdentity.objects.create(
            user=user, issuer=issuer, subject=subject, created_at=now, signed_in_at=now
        )
    user = known.user
    if not user.is_active:
        return None, SignOnFailed("Your account in leadops is switched off.")
    known.signed_in_at = now
    known.save(update_fields=["signed_in_at"])
    _name(user, claims, email)
    _give(user, roles)
    _tie_to_owner(user, email)
    return user, SignOnFailed("")


def _email(claims: dict[str, Any]) -> str:
    """A verified address of an allowed domain: accounts and owners are known by it."""
    email = str(claims.get("email") or "").strip().lower()
    if not email:
        raise SignOnFailed("Your account has no e-mail address there, and leadops knows people by it.")
    if claims.get("email_verified") not in (True, "true") and not settings.LEADOPS_OIDC_TRUST_EMAIL:
        raise SignOnFailed(f"The address {email} is not verified there. Verify it, then sign in again.")
    domain = email.rpartition("@")[2]
    if settings.LEADOPS_OIDC_DOMAINS and domain not in settings.LEADOPS_OIDC_DOMAINS:
        raise SignOnFailed(f"Addresses of {domain} may not sign in here.")
    return email


def _by_email(email: str, roles: Collection[str]) -> User | None:
    """The account that was here before, with this address."""
    found = list(User.objects.select_for_update().filter(email__iexact=email)[:2])
    if not found:
        return None
    if len(found) > 1:
        raise SignOnFailed(
            f"Several accounts in leadops have the address {email}. A superuser has to tell them apart."
        )
    if found[0].is_superuser and SUPERUSER not in roles:
        raise SignOnFailed(
            f"The account with the address {email} is a superuser's: it is not taken over by itself."
        )
    if SignOnIdentity.objects.filter(issuer=settings.LEADOPS_OIDC_ISSUER, user=found[0]).exists():
        raise SignOnFailed(f"The account with the address {email} belongs to somebody else there.")
    _note(found[0], CHANGE, f"Linked to {settings.LEADOPS_OIDC_NAME}.")
    return found[0]


def _make(email: str) -> User:
    if User.objects.filter(username__iexact=email).exists():
        raise SignOnFailed(f"The name {email} is taken in leadops by an account with another address.")
    user = User.objects.create_user(email, email)
    _note(user, ADDITION, f"Made by signing in with {settings.LEADOPS_OIDC_NAME}.")
    return user


def _name(user: User, claims: dict[str, Any], email: str) -> None:
    first, _, last = str(claims.get("name") or "").partition(" ")
    user.first_name = str(claims.get("given_name") or first or user.first_name)[:LONGEST_NAME]
    user.last_name = str(claims.get("family_name") or last or user.last_name)[:LONGEST_NAME]
    user.email = email
    user.save(update_fields=["first_name", "last_name", "email"])


def _give(user: User, roles: Collection[str]) -> None:
    """These roles, and none of the others that groups of the provider give. What people gave by hand besides stays."""
    managed = set(settings.LEADOPS_OIDC_ROLES.values())
    held = set(user.groups.filter(name__in=managed).values_list("name", flat=True))
    held |= {SUPERUSER} if user.is_superuser and SUPERUSER in managed else set()
    gained, lost = set(roles) - held, held - set(roles)
    user.groups.remove(*Group.objects.filter(name__in=lost))
    user.groups.add(*Group.objects.filter(name__in=gained))
    if SUPERUSER in managed:
        user.is_superuser = SUPERUSER in roles
    user.is_staff = bool(roles)
    user.save(update_fields=["is_superuser", "is_staff"])
    for names, verb in ((gained, "Got"), (lost, "Lost")):
        if names:
            _note(
                user, CHANGE, f"{verb} {', '.join(sorted(names))} by groups of {settings.LEADOPS_OIDC_NAME}."
            )


def _tie_to_owner(user: User, email: str) -> None:
    """The owner with this address is this person, unless somebody has said otherwise."""
    owner = Owner.objects.filter(email__iexact=email, user=None).first()
    if owner is not None and not Owner.objects.filter(user=user).exists():
        owner.user = user
        owner.save()


def _note(user: User, flag: int, words: str) -> None:
    """In the history of the account, and in the log."""
    LogEntry.objects.log_actions(user.pk, [user], flag, words, single_object=True)
    log.info("%s (user %s)", words, user.pk)
