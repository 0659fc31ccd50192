"""A database that does not fit this version is refused in one sentence, before anything in it is touched."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from leadops import health
from leadops.schema import applied, comparing, refusing
from routing.models import Owner

pytestmark = pytest.mark.django_db


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refusal(tmp_path, settings) -> str:
    """What `prepare` says, in the terminal and to the launcher."""
    settings.LEADOPS_DEMO = False
    result = tmp_path / "prepared.json"
    with pytest.raises(CommandError) as refused:
        call_command("prepare", result=result, stdout=StringIO())
    assert json.loads(result.read_text()) == {"refused": str(refused.value)}
    return str(refused.value)


def test_a_migrated_database_fits_the_models_and_what_its_migrations_say():
    assert comparing.differences(refusing.left_by(applied.of_the_database())) == []
    assert applied.missing(applied.of_the_database()) == []
    assert applied.unknown(applied.of_the_database()) == []


def test_a_migration_that_was_edited_after_it_was_applied_is_seen_in_the_tables(tmp_path, settings):
    run("ALTER TABLE routing_owner DROP COLUMN leads_leave_at")
    said = refusal(tmp_path, settings)
    assert "routing_owner has no column leads_leave_at (and 1 more difference)" in said
    assert "restore a backup" in said
    assert said.count(". ") == 0 and "\n" not in said


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE intake_valuealias", "the table intake_valuealias is missing"),
        (
            "ALTER TABLE intake_lead ALTER email TYPE text",
            "intake_lead.email is text instead of character varying(254)",
        ),
        ("ALTER TABLE intake_lead ALTER email DROP NOT NULL", "intake_lead.email can be null"),
        (
            "ALTER TABLE intake_lead ALTER contacted_at SET NOT NULL",
            "intake_lead.contacted_at may not be null",
        ),
        (
            "ALTER TABLE intake_submission ALTER is_test DROP DEFAULT",
            "intake_submission.is_test has no default",
        ),
        ("ALTER TABLE routing_assignment DROP CONSTRAINT owner_xor_queue", "no constraint owner_xor_queue"),
        ("DROP INDEX exclusive_identity", "intake_leadidentity has no constraint exclusive_identity"),
        ("DROP INDEX submission_due", "intake_submission has no index submission_due"),
        ("ALTER TABLE intake_submission ADD extra_code integer NOT NULL", "extra_code that must be filled"),
        ("ALTER TABLE routing_ruleset DROP CONSTRAINT routing_ruleset_version_key", "version is not unique"),
    ],
)
def test_a_difference_that_matters_is_named(statement, said, tmp_path, settings):
    run(statement)
    assert said in refusal(tmp_path, settings)


def test_a_lost_foreign_key_is_named(tmp_path, settings):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'intake_submission'::regclass"
            " AND confrelid = 'intake_lead'::regclass"
        )
        (name,) = cursor.fetchone()
    run(f'ALTER TABLE intake_submission DROP CONSTRAINT "{name}"')
    assert "intake_submission.lead_id is no foreign key of intake_lead" in refusal(tmp_path, settings)


def test_what_a_newer_version_has_added_is_no_difference():
    run("ALTER TABLE intake_lead ADD nickname varchar(10)")
    run("ALTER TABLE intake_lead ADD rank integer NOT NULL DEFAULT 0")
    run("CREATE TABLE routing_novelty (id bigint)")
    assert comparing.differences(refusing.left_by(applied.of_the_database())) == []


def test_a_database_that_a_newer_version_has_used_is_refused_and_left_alone(tmp_path, settings):
    MigrationRecorder(connection).record_applied("routing", "9999_from_tomorrow")
    said = refusal(tmp_path, settings)
    assert "it has routing.9999_from_tomorrow, which this version does not know" in said
    assert "start that version, or restore a backup" in said


def test_a_web_server_of_the_old_version_stays_ready_while_machines_are_replaced():
    MigrationRecorder(connection).record_applied("routing", "9999_from_tomorrow")
    assert health._schema() == "ok"


def test_a_web_server_whose_migrations_are_not_applied_is_not_ready(client):
    newest = next(name for name in applied.needed_by_the_code() if name[0] == "routing")
    MigrationRecorder(connection).record_unapplied(*newest)
    answer = client.get("/readyz", headers={"host": "127.0.0.1"})
    assert answer.status_code == 503
    assert answer.json()["schema"] == f"not applied: {'.'.join(newest)}"


def test_the_version_of_the_schema_names_the_newest_migration_of_each_app():
    assert (
        applied.version_of([("intake", "0001_initial"), ("intake", "0004_x"), ("auth", "0012_y")])
        == "intake 0004"
    )


def test_the_comparison_takes_no_more_than_three_questions(django_assert_num_queries):
    wanted: list[type[models.Model]] = [Owner]
    with django_assert_num_queries(3):
        assert comparing.differences(wanted) == []
