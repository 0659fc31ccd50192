"""The hot paths ask the database a fixed number of questions, however many leads are in hand."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake import runner
from intake.models import Lead, Submission
from tests import make

pytestmark = pytest.mark.django_db

# Without savepoints, which tests add. A change of these is a decision: say why in the commit.
ACCEPT = 2
BATCH = 41


def count(act):
    """How many statements, and what they were."""
    with CaptureQueriesContext(connection) as asked:
        act()
    statements = [" ".join(query["sql"].split())[:150] for query in asked.captured_queries]
    counted = [each for each in statements if not each.startswith(("SAVEPOINT", "RELEASE"))]
    return len(counted), "\n".join(f"{number:3} {each}" for number, each in enumerate(counted, 1))


def people(number, *, company):
    for index in range(number):
        name = f"{company}{index}"
        yield make.person(email=f"eva.{name}@firm-{name}.example", full_name=f"Eva {name}", company=name)


def test_accepting_asks_a_fixed_number_of_questions(acme):
    make.posted(make.person(email="warm.up@firm.example"))
    asked, shown = count(lambda: make.posted(make.person()))
    assert asked == ACCEPT, shown


def worked(number, *, company):
    for values in people(number, company=company):
        make.submitted(values)
    asked, shown = count(runner.work_once)
    assert Submission.objects.filter(status="handed_off").count() == Lead.objects.count()
    return asked, shown


def test_the_pipeline_asks_as_often_for_fifty_leads_as_for_one(acme, settings):
    settings.LEADOPS_GATHER_MS = 0  # many would take along who came meanwhile, by one more question
    worked(2, company="first")
    one, shown_for_one = worked(1, company="one")
    fifty, shown_for_fifty = worked(50, company="many")
    assert Lead.objects.count() == 53
    assert one == fifty, f"{shown_for_one}\n\n{shown_for_fifty}"
    assert one == BATCH, shown_for_one
