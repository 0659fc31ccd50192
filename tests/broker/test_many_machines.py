"""Web and worker processes with folders of their own join, leave and are killed; nothing is lost and nothing done twice."""

import os
from collections import Counter

import pytest

from tests.broker.many_machines import Crowd, Machines, Nginx
from tests.broker.servers import DebianPostgres, RabbitMq, Redis
from tests.make.people import crowd

pytestmark = [pytest.mark.broker, pytest.mark.drill]


@pytest.fixture(params=[RabbitMq, Redis], ids=["rabbitmq", "redis"])
def machines(request, tmp_path):
    for kind in (DebianPostgres, request.param, Redis, Nginx):
        if missing := kind.missing():
            if os.environ.get("CI") == "true":
                pytest.fail(missing)
            pytest.skip(missing)
    servers = []
    for name, kind in (("database", DebianPostgres), ("broker", request.param), ("cache", Redis)):
        (tmp_path / name).mkdir()
        servers.append(kind(tmp_path / name))
    database, broker, cache = servers
    running = Machines(tmp_path, database=database, broker=broker, cache=cache)
    try:
        for server in servers:
            server.start()
        yield running
    finally:
        running.stop()
        for server in reversed(servers):
            server.stop()


def test_machines_join_leave_and_are_killed_and_every_lead_is_in_the_crm_once(machines):
    machines.prepare()
    machines.sandbox()
    machines.web("web-1")
    machines.web("web-2")
    machines.proxy()
    machines.worker("worker-1", queues="intake,routing")
    machines.worker("worker-2", queues="crm,default")
    machines.start("beat", "run", "beat")
    with Crowd(machines, crowd(400), per_second=20) as posts:
        machines.wait_until(lambda: posts.has_posted(30))
        machines.worker("worker-3", queues="intake,routing,crm,default")
        machines.kill("worker-1")
        machines.wait_until(lambda: posts.has_posted(80))
        machines.kill("web-1")
        machines.wait_until(lambda: posts.has_posted(120))
        machines.web("web-1")
        machines.worker("worker-4", queues="intake,crm")
        machines.leave("worker-2")
        machines.kill("beat")
        machines.start("beat", "run", "beat")
        machines.wait_until(lambda: posts.has_posted(160))
    assert not posts.failures, posts.failures
    emails = set(posts.posted)

    def all_there():
        leads = machines.leads()
        return {lead["email"] for lead in leads} >= emails and all(
            row["in_sync"] for lead in leads for row in lead["crm"]
        )

    machines.wait_until(all_there)
    assert Counter(lead["email"] for lead in machines.leads()) == dict.fromkeys(emails, 1)
    assert Counter(email for email, _ in machines.contacts()) == dict.fromkeys(emails, 1)
    assert all(owner for _, owner in machines.contacts())
    hot = [lead for lead in machines.leads() if lead["score"]["segment"] in ("hot", "warm")]
    machines.wait_until(lambda: len(machines.tasks()) >= len(hot))
    assert len(machines.tasks()) == len(hot)
