"""Fills an installation through this version's own writers and dumps it, for the next versions to upgrade from.

Run in a checkout of the version, on a day before its dump's `next_working_day`:

    pytest -n 0 tests/upgrade/make_dump.py

It writes `version.sql.gz` beside itself: rename it after the version and name it in `versions.py`. What it leaves is what
`test_going_on.py` asks for: leads with owners and in queues, two that wait for Berlin to open, a give-back, an absence with a
backup, a returning lead whose owner is away, an owner who was switched off and whose leads have not moved, response times done,
due and to come, outbox rows, waiting notices and events, links to contacts of a sandbox, held submissions, spam, exceptions.
"""

import gzip
import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from crm_sandbox.server import SandboxServer
from crm_sync.inbound import webhook_events
from crm_sync.models import CrmConnection, InboundEvent
from crm_sync.outbound import sending
from crm_sync.outbound.lead_changes import queue_changes
from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Lead
from leadops.launcher import postgres
from plumbing import secrets
from routing import escalation
from routing.handover import actions, deactivation, releasing
from routing.models import Absence, Assignment, Owner, Rotation
from routing.notices import sending as notices
from tests import make
from tests.make.sandbox import Crm

START = datetime(2026, 11, 11, 15, tzinfo=UTC)  # Wednesday, ten in New York, four in the afternoon in Berlin
FILE = Path(__file__).with_name("version.sql.gz")


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=7)
        return self.at

    def until(self, moment: datetime) -> None:
        self.at = moment


def sweep(*, crm: bool = True) -> None:
    runner.drain()
    escalation.run_due_steps(now=timezone.now())
    releasing.release_holding_queues(now=timezone.now())
    if crm:
        queue_changes()
        sending.drain_all()
        notices.send_due(now=timezone.now())
        webhook_events.work_all()


def test_fill_and_dump(transactional_db, tmp_path, settings):
    clock = Clock()
    settings.EMAIL_URL, settings.LEADOPS_DEMO = "memory://", False
    settings.LEADOPS_ADMIN_PASSWORD, settings.LEADOPS_API_TOKEN = "an old password of nobody", "0" * 40
    with mock.patch.object(timezone, "now", clock.now), SandboxServer(data_dir=tmp_path) as server:
        fill(clock, Crm(server.url), f"{server.url}/hubspot")
    dump()


def fill(clock: Clock, crm: Crm, address: str) -> None:
    make.acme()
    call_command("prepare")  # with an admin and a token, as `versions.py` names it
    CrmConnection.objects.update(base_url=address, token=secrets.encrypt("sandbox-token"), token_env="")
    Rotation.objects.filter(name="DACH round robin").update(calendar_policy="on_duty_only", when_empty="hold")
    sweep()
    for number, person in enumerate(make.crowd(20)):
        clock.until(START + timedelta(minutes=number))
        make.submitted(person)
        sweep()
    for person in make.crowd(18, make.person)[15:]:
        make.submitted(person)
    make.submitted(make.american(email="kim.lee@globex.com", full_name="Kim Lee", company="Globex"))
    make.submitted(make.american(email="partner@other.example", full_name="Pat Ner", utm_source="partner"))
    make.submitted(make.american(email="nora.nothing@elsewhere.example", full_name="Nora N", country="JP"))
    sweep()
    pitch = "Buy followers now http://a.example http://b.example http://c.example"
    make.submitted(make.american(email="bot@spam.example", company_fax="1"))
    make.submitted(make.american(email="maybe@spam.example", full_name="May Be", message=pitch * 3))
    make.submitted({"email": "no\ufffdbody@odd.example", "full_name": "No Body", "country": "US"})
    make.submitted({"how": "is this a lead?"}, form="typeform-quote")
    sweep()
    clock.until(START + timedelta(hours=1))
    declined = Assignment.objects.filter(owner__email="alice@acme.test", turn__isnull=False).first()
    actions.decline(
        lead_id=declined.lead_id,
        reason="wrong territory",
        source="console",
        actor="alice@acme.test",
        now=timezone.now(),
    )
    met = (
        Assignment.objects.filter(owner__email="carla@acme.test").first()
        or Assignment.objects.filter(owner__email="alice@acme.test").first()
    )
    actions.mark_contacted(
        lead_id=met.lead_id,
        at=timezone.now(),
        by=met.owner.email,
        evidence="claimed",
        source="api",
        actor=met.owner.email,
        now=timezone.now(),
    )
    item = ExceptionItem.objects.filter(status="open").first()
    queue.claim([item], by="maria@acme.test", note="I am on it")
    sweep()
    # Carla goes away, with Alice as her backup; one of her leads comes back meanwhile.
    carla = Owner.objects.get(email="carla@acme.test")
    carlas = Assignment.objects.filter(owner=carla).first()
    Absence.objects.create(
        owner=carla,
        starts_on=clock.at.date(),
        ends_on=clock.at.date() + timedelta(days=2),
        backup=Owner.objects.get(email="alice@acme.test"),
    )
    if carlas is not None:
        again = carlas.lead
        clock.until(START + timedelta(hours=1, minutes=30))
        make.submitted(make.american(email=again.email, full_name=again.full_name, company=again.company))
        sweep()
    # In the evening Berlin is closed: two wait for it to open.
    clock.until(datetime(2026, 11, 11, 21, tzinfo=UTC))
    for person in make.crowd(22, make.person, country="AT")[20:]:
        make.submitted(person)
    sweep()
    assert Assignment.objects.filter(queue__holding_queue=True).count() == 2
    clock.until(datetime(2026, 11, 12, 4, tzinfo=UTC))
    # Bob is switched off, and his leads have not moved yet.
    deactivation.switch_off(
        Owner.objects.get(email="bob@acme.test"), actor="maria@acme.test", now=timezone.now()
    )
    make.submitted(make.american(email="not.yet@written.example", full_name="Not Yet", company="Written"))
    runner.drain()
    make.submitted(make.american(email="not.even@read.example", full_name="Not Even", company="Read"))
    event(crm, clock)


def event(crm: Crm, clock: Clock) -> None:
    """An owner's change by a person in the CRM, told and not worked yet."""
    connection_row = CrmConnection.objects.get()
    InboundEvent.objects.bulk_create(
        [
            InboundEvent(
                connection=connection_row,
                dedupe_key="dump-1",
                remote_id=crm.contacts()[0]["id"],
                property_name="hubspot_owner_id",
                occurred_at=clock.at,
                author_source="CRM_UI",
                author_id="userId:4400100",
                payload={"subscriptionType": "contact.propertyChange"},
                received_at=clock.at,
                due_at=clock.at,
            )
        ]
    )


def dump() -> None:
    params = connection.get_connection_params()
    bin_ = postgres.installed().postgres.parent
    said = subprocess.run(
        [
            bin_ / "pg_dump",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            "--inserts",
            "--rows-per-insert=100",
            "--host",
            params["host"],
            "--port",
            str(params["port"]),
            "--username",
            params["user"],
            params["dbname"],
        ],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath},
    ).stdout
    lines = [line for line in said.splitlines(keepends=True) if not re.match(r"\\(un)?restrict ", line)]
    FILE.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    print(json.dumps({"bytes": FILE.stat().st_size, "leads": Lead.objects.count()}))
