"""What stands in the logs: the ids of submission and lead from web to CRM, and nothing that people have typed."""

import io
import json
import logging
import logging.config

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection
from intake import runner
from intake.models import IntakeForm
from leadops.logs import logging_config, masked
from tests import make
from tests.make import crm_sync


@pytest.fixture
def lines():
    """What a process would write, from now on, as dictionaries."""
    config = logging_config(level="INFO", as_json=True)
    formatter = logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["lines"])
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Jana <jana.weiss@beispiel-werke.example> wrote", "Jana <***@beispiel-werke.example> wrote"),
        ("jana+crm@firm.example, eva@firm.example", "***@firm.example, ***@firm.example"),
        ("call +49 30 901820 now", "call +***20 now"),
        ("Authorization: Bearer pat-eu1-0123456789abcdef", "Authorization: Bearer ***"),
        ("json://bot:S3cret@hooks.example/crm", "json://***@hooks.example/crm"),
        ("2026-11-26T07:00:00+00:00 took 12 s", "2026-11-26T07:00:00+00:00 took 12 s"),
        ("lead 0d1f3a52-7c1a-4a57-9a43-6c2d0a3b1e11", "lead 0d1f3a52-7c1a-4a57-9a43-6c2d0a3b1e11"),
    ],
)
def test_what_people_have_typed_is_masked_and_the_rest_stands(typed, kept):
    assert masked(typed) == kept


def test_a_traceback_is_masked_too(lines):
    try:
        raise ValueError("no such person: jana.weiss@beispiel-werke.example")
    except ValueError:
        logging.getLogger("leadops").exception("It broke for %s", "eva@firm.example")
    (line,) = lines()
    assert line["event"] == "It broke for ***@firm.example"
    assert "ValueError: no such person: ***@beispiel-werke.example" in line["exception"]
    assert "jana" not in json.dumps(line)


@pytest.mark.django_db(transaction=True)
def test_a_submission_is_followed_from_the_form_to_the_crm(client, lines, tmp_path, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    with SandboxServer(data_dir=tmp_path) as sandbox:
        make.acme()
        CrmConnection.objects.all().delete()
        connection = crm_sync.connection(sandbox.url)
        answer = client.post(
            "/api/v1/forms/demo-request/submissions", make.person(), content_type="application/json"
        )
        submission = answer.json()["submission_id"]
        runner.work_once()
        crm_sync.drain(connection)
    said = lines()
    assert [line["event"] for line in said if line.get("submission") == submission] == [
        "submission received",
        "submission worked",
    ]
    worked = next(line for line in said if line["event"] == "submission worked")
    assert (worked["form"], worked["outcome"]) == ("demo-request", "handed_off")
    sent = [line for line in said if line["event"] == "record sent" and line["lead"] == worked["lead"]]
    assert [line["outcome"] for line in sent] == ["written"]
    assert {"host", "method", "path", "status", "ms"} <= next(
        line.keys() for line in said if line["event"] == "call"
    )
    assert make.person()["email"] not in json.dumps(said)


TWO_LINES = "a secret\n\nof two lines"


@pytest.mark.django_db
def test_the_values_of_a_row_that_the_database_refused_are_not_in_the_log(acme, capsys):
    logging.config.dictConfig(logging_config(level="INFO"))
    log = logging.getLogger("leadops.test")
    try:
        with transaction.atomic():
            IntakeForm.objects.create(key="demo-request", name="secret\nand more of the secret")
    except IntegrityError as error:
        assert isinstance(error.__cause__, psycopg.Error)
        log.exception("It was refused")
        log.warning("Refused: %s", error)
    with pytest.raises(IntegrityError, match="secret"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE t (n text, m int NOT NULL)")
        try:
            cursor.execute("INSERT INTO t VALUES (%s, NULL)", [TWO_LINES])
        except IntegrityError:
            log.exception("This one too")
            raise
    said = capsys.readouterr().err
    assert said.count("duplicate key value") >= 2
    assert "null value in column" in said
    assert "It was refused" in said
    assert "(demo-request)" not in said
    assert "of two lines" not in said
