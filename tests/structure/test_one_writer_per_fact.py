"""Rule 2: one writer per fact."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from crm_sync.models import Account, KnownContact, OpenDeal, OutboxEntry, PushTries
from exception_queue.models import ExceptionItem
from intake.models import Lead, Submission
from routing.models import Assignment, RotationTurn
from tests.structure.repository import BASE, first_party, parse, parse_text
from tests.structure.writes import writes

WRITERS = {
    Lead: ["intake/lead_changes.py"],
    Assignment: ["routing/assignment.py"],
    RotationTurn: ["routing/rotations/ledger.py"],
    OutboxEntry: ["crm_sync/outbox.py"],
    PushTries: ["crm_sync/outbound/tries.py"],
    KnownContact: ["crm_sync/mirror/writing.py"],
    Account: ["crm_sync/mirror/writing.py"],
    OpenDeal: ["crm_sync/mirror/writing.py"],
    ExceptionItem: ["exception_queue/queue.py", "exception_queue/upsert.py"],
}


@pytest.mark.parametrize("model", WRITERS, ids=lambda model: model.__name__)
def test_rows_are_written_by_their_door_and_nowhere_else(model):
    found = {}
    for module in first_party():
        for place in writes(module, model.__name__):
            found.setdefault(module.name, []).append(place)
    assert set(found) & set(WRITERS[model]), "The search sees the writer itself."
    assert {name: places for name, places in found.items() if name not in WRITERS[model]} == {}


# Outbox rows of builders fall due by hand: time goes by.
@pytest.mark.parametrize(
    "model", sorted(WRITERS.keys() - {OutboxEntry}, key=str), ids=lambda model: model.__name__
)
def test_the_builders_of_tests_go_through_the_writers(model):
    builders = [parse(path) for path in sorted((BASE / "tests" / "make").rglob("*.py"))]
    assert builders
    assert [place for module in builders for place in writes(module, model.__name__)] == []


@pytest.mark.parametrize(
    "code",
    [
        "Lead.objects.create(email='')",
        "models.Lead.objects.filter(pk=1).order_by('pk').update(email='')",
        "def f(lead: Lead): lead.save()",
        "def f(leads: Sequence[Lead]):\n for lead in leads: lead.save()",
        "def f():\n rows = Lead.objects.all()\n for row in sorted(rows): row.delete()",
        "update_rows([Lead(email='')], fields=[])",
        "cursor.execute(f'UPDATE {Lead._meta.db_table} SET email = 1')",
        "cursor.execute('delete from intake_lead')",
    ],
)
def test_the_search_sees_a_write(code):
    assert list(writes(parse_text(code), "Lead"))


@pytest.mark.parametrize(
    "code",
    [
        "Lead.objects.filter(pk=1).first()",
        "def f(lead: Lead): lead.timeline_entries.create(verb='x')",
        "LeadChange.objects.create(lead=1)",
        "def f(lead: Lead): pass\ndef g(lead): lead.save()",
        "cursor.execute(f'SELECT * FROM {Lead._meta.db_table}')",
    ],
)
def test_the_search_sees_no_write_where_there_is_none(code):
    assert not list(writes(parse_text(code), "Lead"))


@pytest.mark.django_db
@pytest.mark.parametrize("model", [*WRITERS, Submission], ids=lambda model: model.__name__)
def test_the_admin_goes_around_no_door(model):
    page = admin.site._registry.get(model)
    if page is None:
        return
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    assert not page.has_add_permission(request)
    assert not page.has_delete_permission(request)
    assert not hasattr(page, "import_action"), "Import would write rows by itself."
    editable = set()
    if page.has_change_permission(request):
        row = model()
        shown = page.get_fields(request, row)
        editable = set(shown) - set(page.get_readonly_fields(request, row))
    own_save = type(page).save_model is not admin.ModelAdmin.save_model
    assert not editable or own_save, f"{editable} would be saved by the admin itself"
