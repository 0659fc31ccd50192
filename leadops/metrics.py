"""GET /metrics for Prometheus: what django-prometheus counts, and how things stand in the database at this moment.

The gauges are read when somebody asks and belong to no process, so they are right with any number of workers. Counters are
summed over the processes of this machine when PROMETHEUS_MULTIPROC_DIR is set, as `manage.py up` does.
"""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.polling import lag
from exception_queue.kinds import all_kinds
from exception_queue.models import ExceptionItem
from leadops.api.problems import ApiProblem, answer
from leadops.health import oldest_due
from leadops.models import RetentionMark
from leadops.monitoring import may_look

log = logging.getLogger(__name__)


class OpenWorkCollector(Collector):
    """Gauges read from the database; `leadops_database_up` alone when it does not answer."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = [_oldest_due(), _open_exceptions(), *_outbox(), *_inbound(), *_retention()]
            up = 1
        except DatabaseError as error:
            log.warning("No gauges for Prometheus: %s", error)
            found, up = [], 0
        yield GaugeMetricFamily("leadops_database_up", "Whether the database answers", value=up)
        yield from found


def metrics(request: HttpRequest) -> HttpResponse:
    """Everything, in Prometheus' text format, for whoever may look."""
    if not may_look(request):
        words = "Metrics are for tokens of the scope “admin”, and for requests from the machine itself."
        return answer(ApiProblem(401, words, headers={"WWW-Authenticate": "Token"}))
    counted = REGISTRY
    if settings.PROMETHEUS_MULTIPROC_DIR:
        counted = CollectorRegistry()
        MultiProcessCollector(counted, path=settings.PROMETHEUS_MULTIPROC_DIR)  # type: ignore[no-untyped-call]
    standing = CollectorRegistry()
    standing.register(OpenWorkCollector())
    return HttpResponse(
        generate_latest(counted) + generate_latest(standing), content_type=CONTENT_TYPE_LATEST
    )


def _oldest_due() -> Metric:
    gauge = GaugeMetricFamily(
        "leadops_oldest_due_seconds",
        "How long the oldest due row of a sweep has been waiting",
        labels=["sweep"],
    )
    for sweep, seconds in oldest_due().items():
        gauge.add_metric([sweep], seconds)
    return gauge


def _open_exceptions() -> Metric:
    gauge = GaugeMetricFamily(
        "leadops_open_exceptions", "Exception items that are open", labels=["kind", "severity"]
    )
    rows = ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN).order_by()
    counts = dict(rows.values_list("kind").annotate(count=Count("pk")))
    for kind in all_kinds():
        gauge.add_metric([kind.key, kind.severity], counts.get(kind.key, 0))
    return gauge


def _retention() -> list[Metric]:
    removed = CounterMetricFamily(
        "leadops_retention_removed", "Rows that have gone for their age", labels=["kind"]
    )
    complete = GaugeMetricFamily(
        "leadops_retention_complete_timestamp_seconds",
        "When nothing more was left of a kind that is old enough to go",
        labels=["kind"],
    )
    for mark in RetentionMark.objects.order_by("key"):
        removed.add_metric([mark.key], mark.removed)
        if mark.complete_at is not None:
            complete.add_metric([mark.key], mark.complete_at.timestamp())
    return [removed, complete]


def _outbox() -> list[Metric]:
    pending = GaugeMetricFamily(
        "leadops_outbox_pending", "Leads that wait to be written to a CRM", labels=["connection"]
    )
    dead = GaugeMetricFamily(
        "leadops_outbox_dead",
        "Leads that a CRM did not take and that wait for a person",
        labels=["connection"],
    )
    rows = OutboxEntry.objects.order_by().values_list("connection", "status").annotate(count=Count("pk"))
    counts = {(connection, status): count for connection, status, count in rows}
    for pk, key in CrmConnection.objects.values_list("pk", "key"):
        pending.add_metric([key], counts.get((pk, OutboxEntry.Status.PENDING), 0))
        dead.add_metric([key], counts.get((pk, OutboxEntry.Status.DEAD), 0))
    return [pending, dead]


def _inbound() -> list[Metric]:
    """Two queries for each active connection; rows of the mirror are not counted."""
    labels = ["connection", "kind"]
    lags = GaugeMetricFamily(
        "leadops_crm_lag_seconds",
        "How long ago a CRM last told all that had changed; webhooks: how long the oldest event waits to be worked",
        labels=labels,
    )
    behind = GaugeMetricFamily(
        "leadops_crm_behind", "Whether a CRM refuses it, or it was not asked for too long", labels=labels
    )
    left = GaugeMetricFamily(
        "leadops_crm_calls_left_today",
        "Calls of a day that a CRM still grants to whoever calls the account, as its last answer said",
        labels=["connection"],
    )
    now = timezone.now()
    for connection in CrmConnection.objects.filter(active=True):
        for path in lag.paths(connection, now=now, counted=False):
            behind.add_metric([connection.key, path.kind], int(path.is_behind))
            if path.lag is not None:
                lags.add_metric([connection.key, path.kind], path.lag.total_seconds())
        lags.add_metric([connection.key, "webhooks"], lag.events(connection, now=now).total_seconds())
        if (calls := (connection.budget or {}).get("daily_remaining")) is not None:
            left.add_metric([connection.key], calls)
    return [lags, behind, left]
