"""What `deploy/`, `compose.yaml` and `Dockerfile` start is what the code offers, with variables that it reads."""

import re
import tomllib

import pytest
from django.conf import settings
from ruamel.yaml import YAML

from leadops.management.commands import prepare, run
from leadops.serving import front  # noqa: F401  its counter is made when a web process starts
from tests.structure.repository import BASE
from tests.structure.test_documentation import settings_and_variables

COMPOSE = YAML(typ="safe").load((BASE / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: one for name, one in COMPOSE["services"].items() if "leadops:" in one["image"]}
UNITS = sorted((BASE / "deploy" / "systemd").glob("*.service"))
# Of the containers beside ours.
FOREIGN = {"POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "LEADOPS_PUBLISH"}


def understood(words):
    """What our command makes of a command line; it fails for what it does not know."""
    name, *arguments = words
    command = {"run": run, "prepare": prepare}[name].Command()
    return command.create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_container_starts_what_the_code_offers(name):
    assert understood(OURS[name]["command"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_the_code_offers(unit):
    start = re.search(r"^ExecStart=\S+ manage\.py (.+)$", unit.read_text(), flags=re.MULTILINE)[1]
    assert understood(start.replace("%i", "crm").split())


def test_the_containers_work_every_queue_and_there_is_one_beat():
    found = [understood(one["command"]) for one in OURS.values() if one["command"][0] == "run"]
    queues = {queue for each in found if each.part == "worker" for queue in each.queues.split(",")}
    assert queues == set(settings.LEADOPS_CELERY_QUEUES)
    assert sum(each.part == "beat" for each in found) == 1


def test_every_variable_of_the_deployment_is_one_that_leadops_reads():
    example = (BASE / "deploy" / "example.env").read_text(encoding="utf-8")
    compose = (BASE / "compose.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE))
    named |= set(re.findall(r"\$\{([A-Z_]+)", compose))
    named |= {variable for one in OURS.values() for variable in one["environment"]}
    assert named - FOREIGN <= settings_and_variables()


def test_the_image_has_the_version_of_the_project():
    version = tomllib.loads((BASE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {one["image"] for one in OURS.values()} == {f"leadops:{version}"}


def test_the_dashboard_asks_for_metrics_that_exist(client, db, settings):
    asked = set(
        re.findall(
            r"\b((?:leadops|django)_[a-z_]+)", (BASE / "deploy" / "grafana" / "leadops.json").read_text()
        )
    )
    client.get("/api/schema/")
    given = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    assert asked
    assert not [
        name for name in asked if not re.search(rf"^# TYPE {name.removesuffix('_bucket')} ", given, re.M)
    ]
