"""Logins in the shipped roles, each the owner of the demo that bears its name."""

from django.contrib.auth.models import Group, User
from django.test import Client

from routing.models import Owner
from tests.make import access

HOST = {"host": "127.0.0.1"}


def person(role: str, owner: str = "") -> User:
    """A login with this role; it is the owner of this first name ("alice")."""
    user = User.objects.create_user(owner or role.lower(), is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    assert user.groups.exists()
    if owner:
        assert Owner.objects.filter(email=f"{owner}@acme.test").update(user=user) == 1
    return user


def console(user: User) -> Client:
    client = Client(headers=HOST)
    client.force_login(user)
    return client


def api(user: User) -> Client:
    return Client(headers={**HOST, "authorization": f"Token {access.used(user)}"})
