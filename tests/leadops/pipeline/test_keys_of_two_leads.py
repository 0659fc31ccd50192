"""A post whose e-mail is one lead's and whose phone another's asks a person, and overwrites nobody's phone."""

from typing import Any

import pytest

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Lead, LeadIdentity
from tests import make
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db

ANN_PHONE, BOB_PHONE = "+4930901820", "+4989123456"


def ann(**values: Any) -> dict[str, Any]:
    return make.person(email="ann@globex.example", full_name="Ann Ashe", phone=ANN_PHONE, **values)


def bob(**values: Any) -> dict[str, Any]:
    return make.person(
        **{
            "email": "bob@initech.example",
            "full_name": "Bob Burke",
            "company": "Initech",
            "phone": BOB_PHONE,
            **values,
        }
    )


def phones() -> dict[str, str]:
    return dict(Lead.objects.values_list("email", "phone"))


BOTH = {"ann@globex.example": ANN_PHONE, "bob@initech.example": BOB_PHONE}


@pytest.mark.parametrize(
    "name", ["Ann Ashe", "Bob Burke", "Ann Burke", "Somebody Else"], ids=lambda name: name.split()[0]
)
@pytest.mark.parametrize("company", ["Globex", "Initech"])
def test_the_address_decides_and_both_keep_their_phones(acme, name, company):
    first, second = make.handed_off(ann()), make.handed_off(bob())
    lead = make.handed_off({**ann(), "phone": BOB_PHONE, "full_name": name, "company": company})
    assert lead == first
    assert phones() == BOTH
    item = ExceptionItem.objects.get(kind="intake.keys_conflict")
    assert (item.subject_id, item.detail["candidate"]) == (str(first.pk), str(second.pk))
    assert item.detail["reasons"] == [f"The phone {BOB_PHONE} is that of {second}."]
    notes = lead.timeline_entries.get(verb="intake.returned").data["notes"]
    assert [note["code"] for note in notes] == ["kept"]


def test_it_works_the_same_within_one_batch(acme):
    for values in (ann(), bob(), {**ann(), "phone": BOB_PHONE}):
        make.submitted(values)
    assert runner.work_once() == 3
    assert phones() == BOTH
    assert ExceptionItem.objects.filter(kind="intake.keys_conflict").count() == 1


def test_a_lead_without_a_phone_takes_it_and_somebody_is_asked_all_the_same(acme):
    make.handed_off({**ann(), "phone": ""})
    make.handed_off(bob())
    make.handed_off({**ann(), "phone": BOB_PHONE})
    assert phones() == {**BOTH, "ann@globex.example": BOB_PHONE}
    assert ExceptionItem.objects.filter(kind="intake.keys_conflict").count() == 1


def test_it_asks_once_and_never_takes_the_phone_later(acme):
    make.handed_off(ann())
    make.handed_off(bob())
    make.handed_off({**ann(), "phone": BOB_PHONE})
    queue.resolve(ExceptionItem.objects.filter(kind="intake.keys_conflict"), by="olga")
    make.handed_off({**ann(), "phone": BOB_PHONE})
    assert phones() == BOTH
    assert not ExceptionItem.objects.filter(kind="intake.keys_conflict", status="open").exists()


def test_a_phone_that_nobody_else_has_is_the_persons_new_one(acme):
    make.handed_off(ann())
    make.handed_off(bob())
    make.handed_off({**ann(), "phone": "+49401234567"})
    assert phones() == {**BOTH, "ann@globex.example": "+49401234567"}
    assert not ExceptionItem.objects.filter(kind="intake.keys_conflict").exists()


def test_an_unknown_address_with_a_known_phone_is_no_conflict(acme):
    make.handed_off(bob())
    make.handed_off({**ann(), "phone": BOB_PHONE})
    assert not ExceptionItem.objects.filter(kind="intake.keys_conflict").exists()


def test_an_address_whose_mailbox_is_another_leads_stays_there_and_somebody_is_asked(acme):
    first = make.handed_off(make.person(email="ann.ashe@gmail.com", full_name="Ann Ashe"))
    second = make.handed_off(bob())
    LeadIdentity.objects.filter(lead=first, kind="email_canonical").update(lead=second)
    lead = make.handed_off(make.person(email="ann.ashe@gmail.com", full_name="Ann Ashe"))
    assert lead == first
    assert LeadIdentity.objects.get(kind="email_canonical").lead == second
    assert ExceptionItem.objects.get().kind == "intake.keys_conflict"


@pytest.mark.django_db(transaction=True)
def test_two_workers_who_see_both_at_once_overwrite_no_phone(committed_acme, settings):
    make.handed_off(ann())
    make.handed_off(bob())
    settings.LEADOPS_BATCH_SIZE = 1
    for _ in range(4):
        make.submitted({**ann(), "phone": BOB_PHONE})
        make.submitted({**bob(), "phone": ANN_PHONE})
    at_once(2, lambda _number: [runner.work_once() for _ in range(6)])
    assert phones() == BOTH
    assert ExceptionItem.objects.filter(kind="intake.keys_conflict").count() == 2
    for address, phone in (("ann@globex.example", BOB_PHONE), ("bob@initech.example", ANN_PHONE)):
        assert LeadIdentity.objects.filter(lead__email=address, kind="phone", value=phone).count() == 1
