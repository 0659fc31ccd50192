"""Who looks at the console, and a CRM that is there."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection
from plumbing import secrets

HOST = {"host": "127.0.0.1"}
# Somebody whom nothing limits, for functions that ask who looks.
EVERYTHING = User(is_superuser=True)


@pytest.fixture
def maria(db) -> Client:
    """An administrator."""
    client = Client(headers=HOST)
    client.force_login(
        User.objects.create_superuser("maria", "maria@acme.test", first_name="Maria", last_name="Mann")
    )
    return client


@pytest.fixture
def onlooker(db) -> Client:
    """Staff who may look at everybody's leads and exceptions, and change nothing."""
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("otto", "otto@acme.test", is_staff=True)
    seen = Permission.objects.filter(codename__in=["view_lead", "view_exceptionitem", "all_teams"])
    user.user_permissions.set(seen)
    client = Client(headers=HOST)
    client.force_login(user)
    return client


@pytest.fixture
def hubspot(committed_acme, tmp_path):
    """The demo's connection with a CRM behind it."""
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt("sandbox-token"), token_env=""
        )
        yield CrmConnection.objects.get()
