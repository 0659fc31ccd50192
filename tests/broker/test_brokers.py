"""The same work with Redis and with RabbitMQ between web and worker, and without either (rule 3)."""

import pytest
from kombu import Connection, Queue

from crm_sync.models import CrmConnection
from intake.models import Lead, Submission
from tests import make
from tests.broker.parts import wait_until
from tests.broker.servers import RabbitMq

pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]


def people(number, *, company):
    names = [f"{company}{index}" for index in range(number)]
    return [make.person(email=f"eva.{name}@firm-{name}.example", company=name) for name in names]


def handed_off():
    return Submission.objects.filter(status=Submission.Status.HANDED_OFF).count()


def test_a_nudge_reaches_a_worker_without_any_sweep(broker, parts):
    CrmConnection.objects.update(active=False)
    parts.web()
    parts.worker()
    assert parts.post(make.person()) == 202
    wait_until(lambda: handed_off() == 1, parts.words)
    if isinstance(broker, RabbitMq):
        with Connection(broker.url) as wire:
            # RabbitMQ refuses to declare a queue again as what it is not.
            Queue("intake", queue_arguments={"x-queue-type": "quorum"})(wire).queue_declare()


def test_a_broker_that_dies_fails_no_post_and_all_is_handed_off_after_its_return(broker, parts):
    CrmConnection.objects.update(active=False)
    parts.web()
    parts.worker()
    before, meanwhile, after = (people(n, company=name) for name, n in (("a", 5), ("b", 20), ("c", 5)))
    assert {parts.post(values) for values in before} == {202}
    broker.kill()
    assert {parts.post(values) for values in meanwhile} == {202}
    assert Submission.objects.count() == 25
    broker.start()
    parts.beat()
    assert {parts.post(values) for values in after} == {202}
    wait_until(lambda: handed_off() == 30, parts.words)
    assert Lead.objects.count() == 30
