"""Field by field: who is right about it, and which way it goes. Both sides come to the same, whatever changed where and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.inbound import webhook_events
from crm_sync.models import CrmConnection, CrmLink, MirrorProgress
from crm_sync.outbound import lead_changes
from crm_sync.polling import filling
from exception_queue.models import ExceptionItem
from intake.models import Lead, TimelineEntry
from routing.models import Assignment
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"
OURS, THEIRS = "Globex Ours", "Globex Theirs"


@pytest.fixture
def lead(crm, connection) -> Lead:
    """In the CRM, with a company that is always written; the mirror is whole."""
    make.queue(fallback=True)
    make.owner(BOB)
    connection.mappings.filter(canonical="company").update(mode="overwrite")
    made = make.lead(company="Globex")
    make.drain(connection)
    filling.fill_all()
    return made


def says(connection, **fields):
    CrmConnection.objects.filter(pk=connection.pk).update(ownership=fields)


def quiet(connection) -> int:
    """Everything is worked on, in both directions, until nothing moves any more; in how many rounds."""
    for rounds in range(1, 8):
        MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(minutes=5))
        filling.fill_all()
        webhook_events.work_all(now=timezone.now() + timedelta(minutes=rounds))
        moved = lead_changes.queue_changes()
        make.make_due(connection)
        if not make.drain(connection) and not moved and rounds > 2:
            return rounds
    pytest.fail("It never comes to rest.")


def there(crm) -> str:
    return crm.contact().get("company", "")


def here(lead) -> str:
    return Lead.objects.get(pk=lead.pk).company


def changes_there(crm, **values):
    crm.person_changes(crm.contact()["id"], **(values or {"company": THEIRS}))


@pytest.mark.parametrize(
    ("system", "direction", "ours_changes", "theirs_changes"),
    [
        # After ours changed: (here, there). After theirs changed: (here, there).
        ("leadops", "both", (OURS, OURS), ("Globex", "Globex")),
        ("crm", "both", (OURS, "Globex"), (THEIRS, THEIRS)),
        ("most_recent", "both", (OURS, OURS), (THEIRS, THEIRS)),
        ("leadops", "to_crm", (OURS, OURS), ("Globex", "Globex")),
        ("most_recent", "to_crm", (OURS, OURS), ("Globex", THEIRS)),
        ("most_recent", "from_crm", (OURS, "Globex"), (THEIRS, THEIRS)),
        ("crm", "from_crm", (OURS, "Globex"), (THEIRS, THEIRS)),
    ],
)
def test_each_system_in_each_direction(
    crm, connection, lead, system, direction, ours_changes, theirs_changes
):
    says(connection, company={"system": system, "direction": direction})
    changes_there(crm)
    quiet(connection)
    assert (here(lead), there(crm)) == theirs_changes
    changes_there(crm, company="Globex")
    Lead.objects.filter(pk=lead.pk).update(company="Globex")
    CrmLink.objects.update(sent={**CrmLink.objects.get().sent, "company": "Globex"}, trail=[], stopped=[])
    make.edit(lead, company=OURS)
    quiet(connection)
    assert (here(lead), there(crm)) == ours_changes
    assert not ExceptionItem.objects.filter(status="open").exists()


@pytest.mark.parametrize(("system", "wins"), [("leadops", OURS), ("crm", THEIRS), ("most_recent", None)])
def test_both_sides_change_at_once_and_come_to_the_same_with_one_line_each(
    crm, connection, lead, system, wins
):
    says(connection, company={"system": system})
    before = TimelineEntry.objects.filter(lead=lead).count()
    changes_there(crm)
    make.edit(lead, company=OURS)
    quiet(connection)
    assert here(lead) == there(crm)
    assert wins is None or here(lead) == wins
    assert not ExceptionItem.objects.filter(status="open").exists(), "ping-pong"
    told = TimelineEntry.objects.filter(lead=lead).order_by("pk").values_list("verb", flat=True)[before:]
    assert len([verb for verb in told if verb in ("intake.edited", "crm_sync.changed_back")]) <= 2


def test_both_sides_give_it_to_somebody_at_once(crm, connection, lead):
    make.owner("carla@acme.test")
    before = Assignment.history.filter(lead_id=lead.pk).count()
    changes_there(crm, hubspot_owner_id=crm.owner_id(BOB))
    make.move(lead, make.owner("carla@acme.test"))
    quiet(connection)
    owner = Assignment.objects.get(lead=lead).owner.email
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(owner)
    assert Assignment.history.filter(lead_id=lead.pk).count() <= before + 2
    assert not ExceptionItem.objects.filter(status="open").exists()


def test_an_owner_that_goes_there_only_is_changed_back(crm, connection, lead):
    says(connection, owner={"system": "leadops", "direction": "to_crm"})
    changes_there(crm, hubspot_owner_id=crm.owner_id(BOB))
    quiet(connection)
    assert Assignment.objects.get(lead=lead).owner.email == "alice@acme.test"
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id("alice@acme.test")


def test_what_comes_from_there_only_is_not_even_written_with_a_new_record(crm, connection):
    says(connection, company={"direction": "from_crm"})
    make.lead(company="Globex")
    make.drain(connection)
    assert there(crm) == ""
