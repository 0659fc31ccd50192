"""/metrics: counters of this process and how things stand in the database."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from crm_sync.models import CrmConnection, InboundEvent, MirrorProgress, OutboxEntry
from intake.models import Submission
from leadops.metrics import OpenWorkCollector
from tests import make

pytestmark = pytest.mark.django_db


def _scraped():
    answer = Client(headers={"host": "127.0.0.1"}).get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.values())] = sample.value
    return found


def test_every_sweep_says_how_long_its_oldest_row_waits(acme):
    sweeps = {
        name for metric, *labels in _scraped() if metric == "leadops_oldest_due_seconds" for name in labels
    }
    assert sweeps == {
        "alerts",
        "crm_events",
        "lead_changes",
        "leads_of_people_who_left",
        "notices",
        "outbox",
        "sla_steps",
        "snoozed_exceptions",
        "submissions",
    }


def test_it_says_how_things_stand_at_this_moment(acme):
    make.handed_off(make.person(country="BR"))
    make.submitted(make.american())
    Submission.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(minutes=2))
    seen = _scraped()
    assert seen[("leadops_database_up",)] == 1
    assert seen["leadops_oldest_due_seconds", "submissions"] == pytest.approx(120, abs=60)
    assert seen["leadops_oldest_due_seconds", "sla_steps"] == 0
    assert seen["leadops_open_exceptions", "medium", "routing.no_rule_matched"] == 1
    assert seen["leadops_open_exceptions", "high", "intake.poison"] == 0
    assert seen["leadops_outbox_pending", "hubspot"] == 1
    assert seen["leadops_outbox_dead", "hubspot"] == 0
    OutboxEntry.objects.update(status="dead")
    assert _scraped()["leadops_outbox_dead", "hubspot"] == 1


def test_it_says_how_far_each_way_in_from_a_crm_is(acme):
    there, now = CrmConnection.objects.get(), timezone.now()
    ago = {"contacts": timedelta(seconds=10), "companies": timedelta(minutes=9)}
    for kind, since in ago.items():
        MirrorProgress.objects.create(
            connection=there, kind=kind, loaded_at=now - since, polled_at=now - since
        )
    MirrorProgress.objects.create(connection=there, kind="deals", last_error="403 MISSING_SCOPES")
    InboundEvent.objects.create(
        connection=there,
        dedupe_key="1",
        remote_id="1",
        payload={},
        received_at=now - timedelta(minutes=3),
        due_at=now,
    )
    seen = _scraped()
    lags = {
        next(one for one in labels if one != "hubspot"): value
        for (name, *labels), value in seen.items()
        if name == "leadops_crm_lag_seconds"
    }
    assert lags == {
        "contacts": pytest.approx(10, abs=60),
        "companies": pytest.approx(540, abs=60),
        "webhooks": pytest.approx(180, abs=60),
    }
    behind = {
        next(one for one in labels if one != "hubspot"): value
        for (name, *labels), value in seen.items()
        if name == "leadops_crm_behind"
    }
    assert behind == {"contacts": 0, "companies": 1, "deals": 1}
    CrmConnection.objects.update(active=False)
    assert not any(name.startswith("leadops_crm_") for name, *_ in _scraped())


def test_it_counts_requests_and_refusals_too(acme):
    make.posted({"full_name": "No Address"})
    seen = _scraped()
    assert seen["leadops_submissions_refused_total", "422", "demo-request"] >= 1
    assert any(name.startswith("django_http_requests") for name, *_ in seen)


def test_it_sums_counters_over_processes_where_they_share_a_folder(acme, tmp_path, settings):
    settings.PROMETHEUS_MULTIPROC_DIR = str(tmp_path)
    seen = _scraped()
    assert seen["leadops_outbox_pending", "hubspot"] == 0
    assert not any(name == "leadops_submissions_refused_total" for name, *_ in seen)


def test_it_registers_nothing_when_it_is_imported():
    assert not any(isinstance(collector, OpenWorkCollector) for collector in REGISTRY._collector_to_names)


def test_it_still_answers_when_the_database_does_not(acme):
    with connection.execute_wrapper(_dead):
        seen = _scraped()
    assert seen[("leadops_database_up",)] == 0
    assert not any(name == "leadops_outbox_pending" for name, *_ in seen)


def _dead(execute, sql, params, many, context):
    raise OperationalError("the server closed the connection unexpectedly")
