"""The drill says so where a value went to and fro between two systems, and only there."""

import pytest

from tests.drills import pingpong
from tests.drills.crm import Record
from tests.drills.deeds import GIVEN_TWICE, Deed
from tests.drills.findings import Findings
from tests.drills.salesforce import OWNER, PROGRAMS, Salesforce

JANA = "jana@globex.example"
ALICE, BOB, CARLA = "alice@acme.test", "bob@acme.test", "carla@acme.test"


def checked(owners, *, given=(), status=()):
    """`owners` and `status`: who wrote what, in turn; "" is leadops. Alice has the lead first."""
    found = Findings()
    pingpong.check(
        found,
        Salesforce(),
        records=[Record("00Q1", JANA, "", "")],
        written={"00Q1": {OWNER: owners, "Status": status}},
        done={JANA: Deed("salesforce", GIVEN_TWICE, JANA, BOB, owners=given)} if given else {},
        first_owners={JANA: ALICE},
    )
    return found.failed


@pytest.mark.parametrize(
    "owners",
    [
        [(ALICE, "")],
        [("", ""), (ALICE, "")],
        [(ALICE, ""), (ALICE, "")],
        [(ALICE, ""), (BOB, PROGRAMS[0]), (ALICE, "")],
    ],
    ids=["once", "nobody before", "written twice", "an automation was changed back"],
)
def test_an_owner_who_stays_is_right(owners):
    assert checked(owners) == []


@pytest.mark.parametrize(
    "owners",
    [[], [(BOB, "")], [(ALICE, ""), (BOB, ""), (ALICE, "")], [(BOB, ""), (ALICE, "")]],
    ids=["never written", "another", "to and fro", "another before"],
)
def test_an_owner_whom_nobody_chose_is_told(owners):
    assert checked(owners) == ["Salesforce: owners that went to and fro"]


@pytest.mark.parametrize(
    "owners",
    [
        [(ALICE, ""), (BOB, BOB), (CARLA, BOB)],
        [(ALICE, ""), (BOB, ""), (CARLA, "")],
        [(ALICE, ""), (CARLA, "")],
        [(CARLA, "")],
    ],
    ids=["there", "from another CRM", "the last one alone", "before the record was made"],
)
def test_whom_people_chose_is_right_in_their_order(owners):
    assert checked(owners, given=(BOB, CARLA)) == []


def test_whom_people_chose_and_then_somebody_before_is_told():
    owners = [(ALICE, ""), (BOB, BOB), (ALICE, ""), (CARLA, "")]
    assert checked(owners, given=(BOB, CARLA)) == ["Salesforce: owners that went to and fro"]


def test_any_other_value_that_comes_back_is_told():
    to_and_fro = [("New", ""), ("Working", BOB), ("New", "")]
    assert checked([(ALICE, "")], status=to_and_fro) == [
        "Salesforce: values that came back to what they were"
    ]
    assert checked([(ALICE, "")], status=to_and_fro[:2]) == []
