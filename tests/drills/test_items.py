"""The drill says so where one cause is more than one exception, or an outage is none."""

import pytest

from tests.drills import items
from tests.drills.findings import Findings
from tests.drills.hubspot import HubSpot
from tests.drills.salesforce import Salesforce
from tests.drills.schedule import Struck
from tests.drills.watching import Look

DOWN = "HubSpot answered 502"


def item(first, last=None, *, kind=items.UNAVAILABLE, cause=DOWN, about="hubspot", of="connection"):
    """Open from one second to another; without `last` to the end."""
    return {
        "id": first,
        "kind": kind,
        "cause": cause,
        "count": 1,
        "status": "resolved" if last else "open",
        "subject": {"type": of, "id": about, "label": about},
        "resolved_by": "leadops" if last else None,
        "seconds": (first, last or 1000),
    }


def checked(several, *, gone=(), crm=HubSpot):
    """An outage of HubSpot from second 100 to second 700."""
    found = Findings()
    looks = [
        Look(at, [one for one in several if one["seconds"][0] <= at < one["seconds"][1]])
        for at in range(0, 900, 2)
    ]
    items.check(found, several, gone=set(gone))
    outage = Struck(HubSpot.outage, 100, 600, "")
    items.check_looks(found, looks)
    items.check_causes(found, crm(), several, looks, struck=[outage], began=0, restarts_of_the_crm=1)
    return found.failed


def test_an_outage_that_is_one_item_is_right():
    assert checked([item(110, 800)]) == []


@pytest.mark.parametrize(
    "several",
    [
        [],
        [item(110, 300)],
        [item(110, 300), item(301, 800)],
        [item(300, 800)],
        [item(110, 800), item(120, 800, kind="crm.mirror_behind", cause="Deals: 502")],
    ],
    ids=["none", "closed before its end", "two", "late", "another of the same cause"],
)
def test_an_outage_that_is_not_one_item_is_told(several):
    assert "HubSpot: outages that are not one item" in checked(several)


def test_an_item_for_each_lead_is_told():
    each = [item(110, 800, kind="crm.failing", cause=DOWN, about=str(lead), of="lead") for lead in range(3)]
    assert "exceptions of one cause at one time" in checked([item(110, 800), *each])


def test_the_same_cause_at_another_time_is_another_item():
    assert checked([item(10, 90), item(110, 800)]) == []


def test_more_items_than_causes_are_told():
    assert checked([item(1, 5), item(10, 90), item(110, 800)]) == ["HubSpot: more exceptions than causes"]


def test_a_record_that_was_taken_away_asks_once():
    asking = item(110, kind=items.RECORD_GONE, cause="Deleted", about="lead", of="lead")
    whole = [item(110, 800), asking]
    assert checked(whole, gone=["lead"]) == []
    assert checked(whole) == ["exceptions that did not close by themselves"]
    assert checked([item(110, 800)], gone=["lead"]) == ["records taken away there that do not ask once"]


def test_an_outage_of_one_crm_is_none_of_another():
    theirs = item(110, 300, about="salesforce")
    assert checked([item(110, 800), theirs]) == []
    assert checked([item(110, 800), theirs, item(310, 400, about="salesforce")], crm=Salesforce) == [
        "Salesforce: more exceptions than causes"
    ]
