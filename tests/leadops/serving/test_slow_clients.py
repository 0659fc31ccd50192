"""Whoever is slow waits for themselves, and nobody else does."""

import json
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection, transaction

from intake.models import Submission
from leadops.serving import bodies
from tests.leadops.serving.wire import Line, head, lead

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]
SLOW, IDLE = 40, 500


@contextmanager
def connections(port: int, number: int, *parts: bytes) -> Iterator[list[Line]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Line(port, *parts)) for _ in range(number)]


def everybody_is_served(web) -> None:
    for _ in range(10):
        with Line(web.port, head("/healthz", method="GET")) as line:
            assert line.answer()[0] == 200
        body = lead()
        with Line(web.port, head(Content_Length=len(body)) + body) as line:
            assert line.answer()[0] == 202
        with Line(web.port, head("/admin/login/", method="GET")) as line:
            assert line.answer()[0] == 200


def test_slow_bodies_and_idle_connections_keep_nobody_else_from_being_served(patient_web, committed_acme):
    with (
        connections(patient_web.port, IDLE),
        connections(patient_web.port, SLOW, head(Content_Length=2000), b"{") as forms,
        connections(patient_web.port, SLOW, head("/admin/login/", Content_Length=2000), b"{"),
        connections(patient_web.port, SLOW, b"GET /healthz HTTP/1.1\r\nHo"),
    ):
        everybody_is_served(patient_web)
        for slow in forms:
            slow.socket.settimeout(0.001)
            with pytest.raises(TimeoutError):  # they are still there, and were so all the time
                slow.socket.recv(1)
    assert Submission.objects.count() == 10


def test_when_there_are_too_many_slow_bodies_the_slowest_make_room(patient_web, committed_acme):
    crowd = 3 * len(patient_web.workers()) * bodies.MOST_OPEN
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < crowd + 1000:
        pytest.skip("this process may not open so many connections")
    first = head(Content_Length=2000), b"{"
    with (
        connections(patient_web.port, SLOW, *first) as early,
        connections(patient_web.port, crowd, *first),
    ):
        everybody_is_served(patient_web)
        assert [line.answer()[0] for line in early] == [408] * SLOW


def test_readers_that_never_read_keep_nobody_else_from_being_served(patient_web, committed_acme):
    swagger = head("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js", method="GET")
    with connections(patient_web.port, SLOW, swagger):
        everybody_is_served(patient_web)


def test_health_and_console_answer_while_every_thread_for_submissions_waits(patient_web, committed_acme):
    body = lead()
    with ExitStack() as stack:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE intake_intakeform, intake_submission IN ACCESS EXCLUSIVE MODE")
            post = head(Content_Length=len(body)) + body
            posts = [stack.enter_context(Line(patient_web.port, post)) for _ in range(20)]
            for path, wanted in (("/healthz", 200), ("/admin/login/", 200), ("/readyz", 503)):
                with Line(patient_web.port, head(path, method="GET")) as line:
                    status, _, answer = line.answer()
                    assert status == wanted, path
            assert json.loads(answer) == {"ready": False}
        assert [line.answer()[0] for line in posts] == [202] * 20
