"""Owners as the CRM lists them, and follow-up tasks that can be known again."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.connectors.base import TaskToChange, TaskToCreate
from plumbing.http import Transient

pytestmark = pytest.mark.needs("owners", "tasks")
DUE = datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.fixture
def contact(backstage, connector):
    return (
        connector.write([backstage.record("k1", **{connector.names.email: "gina@globex.example"})])
        .written["k1"]
        .remote_id
    )


def task(contact, reference="leadops-k1-7", owner=""):
    return TaskToCreate(reference, contact, "Call Gina Green", DUE, owner, urgent=True)


def test_owners_have_an_address_and_a_number_that_records_take(backstage, connector, contact):
    people = {each.email: each for each in connector.owners() if not each.archived}
    assert {"alice@acme.test", "bob@acme.test"} <= set(people)
    number = people["alice@acme.test"].remote_id
    report = connector.write([backstage.record("k1", **{connector.names.owner: number})])
    assert list(report.written) == ["k1"]
    assert backstage.values(contact)[connector.names.owner] == number


def test_a_task_is_made_once_and_known_again_by_its_reference(connector, contact):
    report = connector.create_tasks([task(contact)])
    (there,) = connector.tasks_of([contact])[contact]
    assert (there.task_id, there.reference, there.open) == (report.done["leadops-k1-7"], "leadops-k1-7", True)


def test_a_task_is_moved_and_closed(connector, contact):
    number = connector.create_tasks([task(contact)]).done["leadops-k1-7"]
    later = TaskToChange("leadops-k1-7", number, due_at=DUE + timedelta(hours=1))
    assert connector.change_tasks([later]).done == {"leadops-k1-7": number}
    connector.change_tasks([TaskToChange("leadops-k1-7", number, done=True)])
    assert [each.open for each in connector.tasks_of([contact])[contact]] == [False]


def test_a_task_that_somebody_deleted_is_gone_and_no_failure(backstage, connector, contact):
    done = connector.create_tasks([task(contact), task(contact, "leadops-k1-8")]).done
    backstage.delete_task(done["leadops-k1-7"])
    changes = [TaskToChange(reference, number, subject="Call again") for reference, number in done.items()]
    report = connector.change_tasks(changes)
    assert report.gone == {"leadops-k1-7"}
    assert list(report.done) == ["leadops-k1-8"]
    assert (report.refused, report.again) == ({}, {})


def test_a_lost_answer_about_a_task_is_looked_up_by_its_reference(backstage, connector, contact):
    backstage.lose_next_answer()
    report = connector.create_tasks([task(contact)])
    assert isinstance(report.stopped, Transient)
    assert report.stopped.ambiguous
    assert [each.reference for each in connector.tasks_of([contact])[contact]] == ["leadops-k1-7"]


def test_a_contact_without_tasks_has_none(connector, contact):
    assert connector.tasks_of([contact]) == {}
