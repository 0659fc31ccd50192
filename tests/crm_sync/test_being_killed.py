"""kill -9 at any moment: one record and one task per lead, and none is missing (I6)."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection as database

from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from tests.make import crm_sync as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]

ROOT = Path(__file__).resolve().parents[2]
SEND = "import django; django.setup(); from crm_sync.outbound import sending; sending.drain_all()"


def sender():
    name = database.settings_dict["NAME"]
    url = re.sub(r"/[^/?]*(\?.*)?$", rf"/{name}\1", os.environ["DATABASE_URL"])
    environ = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "leadops.settings"}
    return subprocess.Popen([sys.executable, "-c", SEND], cwd=ROOT, env=environ)


@pytest.mark.parametrize("path", ["/contacts/batch/upsert", "/tasks/batch/create"])
def test_a_sender_killed_while_it_waits_for_an_answer_leaves_nothing_twice(crm, connection, path):
    for number in range(150):
        make.clock(make.lead(email=f"person{number}@globex.example", segment="hot"))
    # The CRM has done it, and its answer hangs.
    crm.fault("timeout_after_commit", ms=20_000, times=1, path=path)
    process = sender()
    deadline = time.monotonic() + 30
    while not crm.calls(path) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    assert crm.calls(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert OutboxEntry.objects.count() == 150
    assert CrmConnection.objects.get().lease_token is not None
    # The lease of the dead ends by itself; nobody has to wait for it here.
    CrmConnection.objects.update(lease_until=None)
    make.drain(connection)
    assert not OutboxEntry.objects.exists()
    assert CrmLink.objects.exclude(task_id="").count() == 150
    addresses = everything(crm, "contacts", "email")
    assert len(addresses) == len(set(addresses)) == 150
    assert len(everything(crm, "tasks", "hs_task_subject")) == 150


def everything(crm, kind, name):
    found, after = [], ""
    while True:
        path = f"/hubspot/crm/v3/objects/{kind}?limit=100&properties={name}" + (
            f"&after={after}" if after else ""
        )
        page = crm.call("GET", path)
        found += [each["properties"][name] for each in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
        if not after:
            return found
