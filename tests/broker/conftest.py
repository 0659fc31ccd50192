import os

import pytest

from tests.broker.parts import Parts
from tests.broker.servers import RabbitMq, Redis


@pytest.fixture(params=[Redis, RabbitMq], ids=["redis", "rabbitmq"])
def broker(request, tmp_path):
    if missing := request.param.missing():
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    server = request.param(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def parts(broker, tmp_path, committed_acme):
    """Web, worker and beat of leadops, on this test's database and this broker; none of them is started yet."""
    running = Parts(broker.url, tmp_path)
    try:
        yield running
    finally:
        running.stop()
