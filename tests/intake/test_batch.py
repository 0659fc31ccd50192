"""The hand-over between stages: what a work carries, and what is left to the writers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from intake.batch import Batch, LeadWork, Work
from intake.lead_draft import LeadDraft
from intake.models import IntakeForm, Lead, Submission

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Notebook:
    pages: list[str] = field(default_factory=list)


def work() -> Work:
    form = IntakeForm(key="contact", name="Contact")
    return Work(submission=Submission(form=form, received_at=NOON), form=form, cursor=0, is_test=True)


def identified(work: Work) -> LeadWork:
    return LeadWork.of(work, draft=LeadDraft(Lead(email="jana@globex.example"), is_new=True), before=None)


def test_a_layer_finds_again_what_it_keeps_with_a_work_also_once_the_lead_is_known():
    one = work()
    one.slot(Notebook).pages.append("seen")
    with_lead = identified(one)
    assert with_lead.slot(Notebook).pages == ["seen"]
    assert (with_lead.is_test, with_lead.submission) == (True, one.submission)
    assert work().slot(Notebook).pages == []


def test_a_stage_that_needs_leads_says_so_where_there_are_none():
    batch = Batch([work()], now=NOON)
    with pytest.raises(TypeError, match="below deduplicate"):
        batch.with_leads()
    batch.identify({one: identified(one) for one in batch.works})
    assert [one.lead.email for one in batch.with_leads()] == ["jana@globex.example"]


def test_a_question_is_asked_once_per_batch():
    asked = []

    def read() -> int:
        asked.append(1)
        return len(asked)

    batch = Batch([work()], now=NOON)
    assert [batch.once(read), batch.once(read)] == [1, 1]
    assert Batch([work()], now=NOON).once(read) == 2


def test_what_is_left_may_be_changed_until_it_is_written():
    batch = Batch([work()], now=NOON)
    draft = LeadDraft(Lead(email="jana@globex.example"), is_new=True)
    written: list[str] = []

    def write(rows, *, now):
        written.extend(row.lead.status for row in rows)

    batch.leave(write, draft)
    draft.change(status=Lead.Status.DISQUALIFIED)
    batch.write()
    assert written == ["disqualified"]


@pytest.mark.parametrize("name", ["statsu", "id", "version"])
def test_a_draft_refuses_what_no_stage_may_set(name):
    with pytest.raises(ValueError, match=f"A lead has no {name} to change"):
        LeadDraft(Lead(), is_new=True).change(**{name: "x"})
