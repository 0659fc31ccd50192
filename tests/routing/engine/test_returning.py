"""Semantics, "A returning lead"."""

import pytest

from routing.engine.returning import Previous, Touch, returning


def back(status, *, contacted=False, open_deal=False, **touch):
    found = returning(Previous(status, contacted, open_deal), Touch(**touch))
    return found.action, found.notify


@pytest.mark.parametrize("status", ["new", "working"])
def test_uncontacted_keeps_owner_and_clock(status):
    assert back(status) == ("keep", True)


@pytest.mark.parametrize("status", ["contacted", "nurture", "closed_lost", "disqualified"])
def test_contacted_nurture_lost_or_disqualified_and_a_sales_form_starts_again(status):
    assert back(status, contacted=status == "contacted") == ("new_clock", True)
    assert returning(Previous(status, contacted=True), Touch()).routes_again


@pytest.mark.parametrize("status", ["contacted", "nurture", "closed_lost", "disqualified"])
def test_another_purpose_than_sales_only_tells_the_owner(status):
    for purpose in ("support", "partner"):
        assert back(status, contacted=True, purpose=purpose) == ("notify_owner_only", True)


def test_a_customer_or_an_open_deal_tells_the_owner_without_a_clock():
    assert back("customer", contacted=True) == ("notify_owner_only", True)
    for status in ("new", "contacted", "qualified"):
        assert back(status, open_deal=True) == ("notify_owner_only", True)


def test_a_qualified_lead_is_in_somebodys_hands():
    assert back("qualified", contacted=True) == ("notify_owner_only", True)


@pytest.mark.parametrize("status", ["new", "contacted", "customer", "closed_lost", "spam"])
def test_content_forms_go_on_the_timeline_only(status):
    assert back(status, purpose="content") == ("timeline_only", False)


def test_spam_that_comes_back_wakes_nobody():
    assert back("spam") == ("timeline_only", False)


@pytest.mark.parametrize("status", ["new", "working", "customer", "qualified"])
def test_the_same_form_within_10_minutes_gives_no_second_notice_or_task(status):
    contacted = status in ("customer", "qualified")
    found = returning(Previous(status, contacted=contacted), Touch(same_form_within_10_minutes=True))
    assert (found.action, found.notify, found.task) == ("keep", False, False)


@pytest.mark.parametrize("status", ["contacted", "nurture", "closed_lost", "disqualified"])
def test_a_lead_that_was_answered_in_between_starts_again_also_with_the_same_form(status):
    assert back(status, contacted=status == "contacted", same_form_within_10_minutes=True) == (
        "new_clock",
        True,
    )


def test_only_a_new_clock_has_a_new_task():
    for status, task in (("new", False), ("closed_lost", True), ("customer", False)):
        assert (
            returning(Previous(status, contacted=True) if task else Previous(status, False), Touch()).task
            is task
        )
