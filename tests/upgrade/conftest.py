"""An installation that was filled by an older version, brought up to date by this one."""

import os

import pytest

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection
from plumbing import secrets
from tests import clock
from tests.upgrade import database
from tests.upgrade.versions import DUMPS, Dump


@pytest.fixture(scope="package", params=DUMPS, ids=lambda dump: dump.name)
def migrated(request, django_db_blocker):
    """A database to copy: loaded and migrated once for each process."""
    dump: Dump = request.param
    own = f"upgrade_{dump.name}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with django_db_blocker.unblock(), database.fresh(own):
        with database.instead(own):
            database.load(dump.file)
            database.migrate()
        yield dump, own


@pytest.fixture
def installation(migrated, django_db_blocker, tmp_path, settings):
    """The installation on the first working day after the dump was made, with a CRM that has forgotten everything."""
    dump, template = migrated
    settings.EMAIL_URL = "memory://"  # Mail is set up; pytest-django keeps it in memory.
    with (
        django_db_blocker.unblock(),
        database.fresh(f"{template}_copy", template=template) as copy,
        database.instead(copy),
        clock.starting_at(dump.next_working_day),
        SandboxServer(data_dir=tmp_path) as server,
    ):
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt("sandbox-token"), token_env=""
        )
        yield dump
