"""Which values a lead takes from a submission."""

from datetime import UTC, datetime, timedelta

import pytest

from intake import lead_values
from intake.batch import Work
from intake.lead_draft import LeadDraft
from intake.models import IntakeForm, Lead, Submission

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def work(values, *, form="contact", at=NOON, raw=None, extra=None) -> Work:
    made = IntakeForm(key=form, name=form)
    return Work(
        submission=Submission(form=made, received_at=at),
        form=made,
        cursor=0,
        values=values,
        raw_values=raw or {},
        extra=extra or {},
    )


FIRST = {"email": "jana@globex.example", "phone": "+4930901820", "city": "Berlin", "utm_source": "ads"}


@pytest.fixture
def draft() -> LeadDraft:
    return lead_values.new_lead(work(FIRST, raw={"phone": "030 901820"}, extra={"size": "43"}), now=NOON)


def test_a_new_lead_has_the_values_and_remembers_form_and_first_touch(draft):
    lead = draft.lead
    assert draft.is_new
    assert (lead.email, lead.phone, lead.city) == ("jana@globex.example", "+4930901820", "Berlin")
    assert (lead.first_form_key, lead.last_form_key, lead.last_submitted_at) == ("contact", "contact", NOON)
    assert lead.attribution == {"utm_source": "ads"}
    assert (lead.raw, lead.extra) == ({"phone": "030 901820"}, {"size": "43"})


def test_the_newest_contact_data_wins_and_the_first_touch_stays(draft):
    later = NOON + timedelta(days=1)
    again = work(
        {"email": "jana@globex.example", "phone": "+49401234567", "utm_source": "mail"},
        form="webinar",
        at=later,
        extra={"colour": "red"},
    )
    lead_values.touch(draft, again, now=later)
    lead = draft.lead
    assert (lead.phone, lead.city) == ("+49401234567", "Berlin")
    assert lead.attribution == {"utm_source": "ads"}
    assert lead.extra == {"size": "43", "colour": "red"}
    assert (lead.first_form_key, lead.last_form_key, lead.last_submitted_at) == ("contact", "webinar", later)


def test_an_address_by_which_somebody_is_known_stays(draft):
    lead_values.touch(draft, work({"email": "j.weiss@globex.example"}), now=NOON)
    assert draft.lead.email == "jana@globex.example"


def test_a_lead_without_an_address_takes_one():
    draft = lead_values.new_lead(work({"phone": "+4930901820"}), now=NOON)
    lead_values.touch(draft, work({"email": "jana@globex.example"}), now=NOON)
    assert draft.lead.email == "jana@globex.example"


def test_what_a_person_typed_is_never_overwritten_by_a_form(draft):
    draft.change(city="Potsdam", typed_fields=["city"])
    lead_values.touch(draft, work({"city": "Berlin", "phone": "+49401234567"}), now=NOON)
    assert (draft.lead.city, draft.lead.phone) == ("Potsdam", "+49401234567")


def test_a_lead_keeps_what_it_is_told_to_keep_as_read_and_as_written(draft):
    again = work({"phone": "+49401234567", "city": "Hamburg"}, raw={"phone": "040 1234567"})
    lead_values.touch(draft, again, now=NOON, keep=("phone",))
    assert (draft.lead.phone, draft.lead.raw["phone"]) == ("+4930901820", "030 901820")
    assert draft.lead.city == "Hamburg"


def test_a_touch_that_says_nothing_of_a_field_leaves_it(draft):
    lead_values.touch(draft, work({}), now=NOON)
    assert lead_values.values_of(draft.lead) == FIRST


def test_values_of_a_lead_are_without_empty_ones():
    assert lead_values.values_of(Lead(email="a@b.example", company="")) == {"email": "a@b.example"}


@pytest.mark.parametrize(
    ("raw", "value", "says"),
    [
        ("Deutschland", "DE", True),
        ("  de ", "DE", False),
        ("030 901820", "+4930901820", True),
        (None, "DE", False),
    ],
)
def test_a_translation_is_more_than_case_and_spaces(raw, value, says):
    found = lead_values.translations(work({"country": value}, raw={"country": raw}))
    assert found == ([{"field": "country", "from": raw, "to": value}] if says else [])


@pytest.mark.parametrize(
    ("known", "said", "names"),
    [
        # Only the first name is asked for; or the last, or the name without the middle.
        (
            ("Lena", "Hausmann"),
            {"first_name": "Lena", "full_name": "Lena"},
            ("Lena", "Hausmann", "Lena Hausmann"),
        ),
        (
            ("Lena", "Hausmann"),
            {"last_name": "Hausmann", "full_name": "Hausmann"},
            ("Lena", "Hausmann", "Lena Hausmann"),
        ),
        (
            ("Anna Maria", "Schmidt"),
            {"first_name": "Anna", "last_name": "Schmidt", "full_name": "Anna Schmidt"},
            ("Anna Maria", "Schmidt", "Anna Maria Schmidt"),
        ),
        # Another one: what is not said is as it was.
        (("Lena", "Hausmann"), {"last_name": "Berg", "full_name": "Berg"}, ("Lena", "Berg", "Lena Berg")),
        (
            ("Lena", "Hausmann"),
            {"first_name": "Magda", "full_name": "Magda"},
            ("Magda", "Hausmann", "Magda Hausmann"),
        ),
        (("Lena", ""), {"last_name": "Berg", "full_name": "Berg"}, ("Lena", "Berg", "Lena Berg")),
        (
            ("Lena", "Hausmann"),
            {"first_name": "Tom", "last_name": "Small", "full_name": "Tom Small"},
            ("Tom", "Small", "Tom Small"),
        ),
        (
            ("Lena", ""),
            {"first_name": "Lena", "last_name": "Berg", "full_name": "Lena Berg"},
            ("Lena", "Berg", "Lena Berg"),
        ),
    ],
)
def test_the_full_name_follows_from_its_parts_as_they_are_known(known, said, names):
    first, last = known
    parts = {"first_name": first, "last_name": last, "full_name": f"{first} {last}".strip()}
    draft = lead_values.new_lead(work({name: part for name, part in parts.items() if part}), now=NOON)
    lead_values.touch(draft, work(said), now=NOON)
    assert (draft.lead.first_name, draft.lead.last_name, draft.lead.full_name) == names


def test_a_first_touch_is_filled_by_a_later_one_and_never_written_over():
    draft = lead_values.new_lead(
        work({"email": "a@b.example", "referrer": "https://blog.example/"}), now=NOON
    )
    lead_values.touch(draft, work({"gclid": "G-2", "referrer": "https://other.example/"}), now=NOON)
    assert draft.lead.attribution == {"referrer": "https://blog.example/", "gclid": "G-2"}


def test_a_phone_that_could_not_be_read_is_once_the_country_is_known():
    known_country = lead_values.new_lead(work({"email": "a@b.example", "country": "DE"}), now=NOON)
    lead_values.touch(known_country, work({"email": "a@b.example"}, raw={"phone": "0171 3920028"}), now=NOON)
    assert known_country.lead.phone == "+491713920028"
    later = lead_values.new_lead(work({"email": "a@b.example"}, raw={"phone": "646-555-0123"}), now=NOON)
    assert later.lead.phone == ""
    lead_values.touch(later, work({"email": "a@b.example", "country": "US"}), now=NOON)
    assert later.lead.phone == "+16465550123"
    lead_values.touch(later, work({"email": "a@b.example"}, raw={"phone": "no number"}), now=NOON)
    assert later.lead.phone == "+16465550123"
