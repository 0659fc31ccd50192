import logging
import socket
from uuid import uuid4

import pytest
from celery import Celery, _state, current_app
from django.core.cache import caches
from django.db import connections, transaction
from django.test import override_settings

from plumbing import nudges
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL_CACHE = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "nudges"}}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Breakers that know of nothing, a cache of our own, and the app back in its place."""
    # Celery believes these variables more than the app's own settings.
    for variable in ("CELERY_BROKER_URL", "CELERY_BROKER_WRITE_URL", "CELERY_BROKER_READ_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(nudges, "broker_breaker", nudges.Breaker("The broker"))
    current, default = current_app._get_current_object(), _state.default_app
    with override_settings(CACHES=LOCAL_CACHE):
        caches["default"].clear()
        yield
    nudges._drop_connection()
    current.set_current()
    _state.set_default_app(default)


@pytest.fixture
def broker():
    """A broker in memory; calling it gives the names of the tasks that wait there."""
    app = Celery("nudges", broker=f"memory://{uuid4()}")
    app.conf.task_default_queue = str(uuid4())
    use(app)

    def waiting():
        names = []
        with app.connection_for_read() as connection:
            channel = connection.default_channel
            app.amqp.queues[app.conf.task_default_queue].bind(channel).declare()
            while message := channel.basic_get(app.conf.task_default_queue, no_ack=True):
                names.append(message.headers["task"])
        return names

    return waiting


def use(app):
    """In this thread and in all others, as leadops/wsgi.py does."""
    app.set_current()
    app.set_default()


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def silent_port():
    """Takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(20)
        yield listener.getsockname()[1]


def test_it_is_sent_only_after_commit(broker):
    with transaction.atomic():
        nudges.nudge("intake.drain")
        assert broker() == []
    assert broker() == ["intake.drain"]


def test_it_is_not_sent_when_the_transaction_is_rolled_back(broker):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        nudges.nudge("intake.drain")
        _ = 1 / 0
    assert broker() == []


def test_nudges_of_one_kind_are_coalesced_until_the_task_looks_for_work(broker):
    for _ in range(5):
        nudges.nudge("intake.drain")
        nudges.nudge("routing.send_notices")
    assert sorted(broker()) == ["intake.drain", "routing.send_notices"]
    nudges.taken("intake.drain")
    for _ in range(5):
        nudges.nudge("intake.drain")
        nudges.nudge("routing.send_notices")
    assert broker() == ["intake.drain"]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_dead_broker_hurts_nobody_and_is_left_alone_for_a_while(scheme, caplog):
    use(Celery("dead", broker=f"{scheme}://127.0.0.1:{closed_port()}//"))
    with caplog.at_level(logging.WARNING, logger="plumbing.breaker"):
        nudges.nudge("intake.drain")
        assert nudges.broker_breaker.resting
        nudges.nudge("routing.send_notices")
    assert len(caplog.records) == 1
    assert "The broker does not answer" in caplog.text


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_says_nothing_hurts_nobody(scheme, silent_port):
    use(Celery("silent", broker=f"{scheme}://127.0.0.1:{silent_port}//"))
    nudges.nudge("intake.drain")
    assert nudges.broker_breaker.resting


def test_a_dead_broker_does_not_undo_the_transaction():
    use(Celery("dead", broker=f"redis://127.0.0.1:{closed_port()}/0"))
    seen = []
    with transaction.atomic():
        nudges.nudge("intake.drain")
        transaction.on_commit(lambda: seen.append("the next callback"))
    assert seen == ["the next callback"]
    assert connections["default"].is_usable()


def test_it_sends_again_once_the_broker_is_back(broker, caplog, monkeypatch):
    memory = current_app._get_current_object()
    use(Celery("dead", broker=f"redis://127.0.0.1:{closed_port()}/0"))
    nudges.nudge("crm_sync.drain_outbox")
    use(memory)
    nudges.nudge("intake.drain")
    assert broker() == []
    monkeypatch.setattr(nudges.broker_breaker, "_rest_until", 0.0)
    with caplog.at_level(logging.INFO, logger="plumbing.breaker"):
        nudges.nudge("intake.drain")
    assert broker() == ["intake.drain"]
    assert "The broker answers again" in caplog.text


def test_a_dead_cache_hurts_nobody_and_nudges_are_still_coalesced(broker):
    dead = {
        "default": {
            "BACKEND": "plumbing.guarded_cache.GuardedRedisCache",
            "LOCATION": f"redis://127.0.0.1:{closed_port()}/0",
            "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
        }
    }
    name = f"intake.{uuid4()}"
    with override_settings(CACHES=dead):
        for _ in range(5):
            nudges.nudge(name)
        nudges.taken(name)
        assert caches["default"].breaker.resting
    assert broker() == [name]


def test_threads_do_not_share_a_connection(broker):
    def work(number):
        nudges.nudge(f"intake.task_{number}")
        connection = nudges._connection()
        nudges._drop_connection()
        return connection

    connections_of_threads = at_once(4, work)  # Kept: the id of one that is gone may be given again.
    assert len({id(connection) for connection in connections_of_threads}) == 4
    assert sorted(broker()) == [f"intake.task_{number}" for number in range(4)]
