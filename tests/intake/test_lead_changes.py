"""The one writer of leads: versions, the timeline, and the note that others find."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from intake import lead_changes
from intake.lead_changes import LeadEdit
from intake.lead_draft import LeadDraft
from intake.models import Lead, LeadChange, LeadIdentity
from routing.assignment import Move, assign_rows
from routing.models import Queue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def somebody_has_them(db):
    """The database lets no lead stay without an owner or queue."""
    yield
    queue = Queue.objects.create(name="Triage")
    moves = [
        Move(lead_id=pk, to=queue, reason="-", source="console")
        for pk in Lead.objects.values_list("pk", flat=True)
    ]
    assign_rows(moves, now=timezone.now())


def written(**values) -> Lead:
    now = timezone.now()
    lead = Lead(**{"email": "jana@globex.example", "created_at": now, "updated_at": now, **values})
    lead_changes.write_leads([LeadDraft(lead, is_new=True)], now=now)
    return Lead.objects.get(pk=lead.pk)


def edited(lead: Lead, *, typed=False, reason="", **values) -> list[Lead]:
    edit = LeadEdit(lead.pk, values, typed=typed, reason=reason)
    return lead_changes.edit_leads([edit], actor="Maria", source="console", now=timezone.now())


def test_the_pipeline_makes_a_lead_at_version_one_and_each_touch_adds_one():
    lead = written()
    assert lead.version == 1
    draft = LeadDraft(lead, is_new=False)
    draft.change(city="Berlin", status=Lead.Status.DISQUALIFIED)
    lead_changes.write_leads([draft], now=timezone.now())
    lead.refresh_from_db()
    assert (lead.version, lead.city, lead.status) == (2, "Berlin", "disqualified")


def test_the_pipeline_pushes_its_leads_itself_so_nobody_is_told_of_a_change():
    draft = LeadDraft(written(), is_new=False)
    lead_changes.write_leads([draft], now=timezone.now())
    assert not LeadChange.objects.exists()


def test_new_and_touched_leads_are_written_together():
    old, new = written(), Lead(email="new@globex.example")
    drafts = [LeadDraft(new, is_new=True), LeadDraft(old, is_new=False)]
    lead_changes.write_leads(drafts, now=timezone.now())
    assert dict(Lead.objects.values_list("email", "version")) == {
        "jana@globex.example": 2,
        "new@globex.example": 1,
    }


def test_an_edit_bumps_the_version_tells_the_story_and_leaves_a_note_for_others():
    lead = written(city="Berlin")
    [changed] = edited(lead, city="Potsdam")
    assert (changed.version, changed.city) == (2, "Potsdam")
    entry = lead.timeline_entries.get()
    assert (entry.verb, entry.actor, entry.source) == ("intake.edited", "Maria", "console")
    assert entry.data["fields"] == [{"field": "city", "label": "City", "from": "Berlin", "to": "Potsdam"}]
    note = LeadChange.objects.get()
    assert (note.lead_id, note.version, note.source) == (lead.pk, 2, "console")


def test_a_status_has_a_verb_of_its_own_and_its_reason():
    lead = written()
    edited(lead, status=Lead.Status.SPAM, reason="Sells links")
    entry = lead.timeline_entries.get()
    assert (entry.verb, entry.data) == (
        "intake.status_changed",
        {"from": "new", "to": "spam", "reason": "Sells links"},
    )


def test_what_is_so_already_changes_nothing_and_says_nothing():
    lead = written(city="Berlin")
    assert edited(lead, city="Berlin") == []
    lead.refresh_from_db()
    assert lead.version == 1
    assert not lead.timeline_entries.exists()
    assert not LeadChange.objects.exists()


def test_what_a_person_types_is_marked_and_what_a_program_says_is_not():
    lead = written()
    edited(lead, typed=True, city="Potsdam", status=Lead.Status.WORKING)
    edited(lead, typed=True, phone="+4930901820")
    edited(lead, company="Globex")
    lead.refresh_from_db()
    assert lead.typed_fields == ["city", "phone"]


def test_a_name_that_is_no_column_is_refused_before_anything_is_written():
    lead, other = written(), written(email="other@globex.example")
    edits = [LeadEdit(other.pk, {"city": "Berlin"}), LeadEdit(lead.pk, {"ctiy": "Berlin", "id": uuid4()})]
    with pytest.raises(ValueError, match="A lead has no ctiy, id"):
        lead_changes.edit_leads(edits, actor="Maria", source="console", now=timezone.now())
    other.refresh_from_db()
    assert other.city == ""


def test_a_lead_that_is_gone_is_left_out():
    lead = written()
    edits = [LeadEdit(uuid4(), {"city": "Berlin"}), LeadEdit(lead.pk, {"city": "Berlin"})]
    changed = lead_changes.edit_leads(edits, actor="Maria", source="console", now=timezone.now())
    assert [one.pk for one in changed] == [lead.pk]


def test_several_notes_about_one_lead_are_one_with_the_newest_version():
    lead = written()
    edited(lead, city="Berlin")
    edited(lead, city="Potsdam")
    assert LeadChange.objects.get().version == 3


def test_at_most_one_lead_holds_an_exclusive_key():
    rows = [
        LeadIdentity(lead=lead, kind="email", value="jana@globex.example", exclusive=True)
        for lead in (written(), written(email="other@globex.example"))
    ]
    with pytest.raises(IntegrityError, match="exclusive_identity"), transaction.atomic():
        lead_changes.write_identities(rows, now=timezone.now())
