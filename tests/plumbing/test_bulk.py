"""Rows in bulk are the rows that one save each would have written."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError

from intake.models import CompanyProfile, IntakeForm, Submission
from plumbing.bulk import insert_rows, update_rows

pytestmark = pytest.mark.django_db

HARD = {
    "quotes": "She said \"yes\" \\ 'no'",
    "braces": "{NULL,\\x}",
    "lines": "one\ntwo\ttab",
    "everywhere": "Zoë 東京 🙂",
    "nested": [1, 2.5, None, True, {"a": []}],
}


@pytest.fixture
def form():
    return IntakeForm.objects.create(key="form", name="Form")


def submission(form, **values):
    """With every kind of column that there is."""
    return Submission(
        **{
            "form": form,
            "received_at": datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=UTC),
            "body": b'\x00\xff{"a": 1}',
            "content_type": 'application/json; charset="utf-8"',
            "headers": HARD,
            "ip": "2001:db8::1",
            "values": {},
            "notes": [HARD],
            "reason": HARD["quotes"] + HARD["braces"] + HARD["lines"] + HARD["everywhere"],
            **values,
        }
    )


def read_back(row):
    kept = Submission.objects.values().get(pk=row.pk)
    return {**kept, "id": None, "body": bytes(kept["body"])}


def test_inserted_rows_read_back_as_saved_ones_do(form):
    saved, inserted = submission(form), submission(form)
    saved.save()
    insert_rows([inserted])
    assert read_back(inserted) == read_back(saved)
    assert read_back(inserted)["notes"] == [HARD]


def test_rows_get_the_keys_that_the_database_makes_in_their_order():
    rows = [CompanyProfile(domain=f"d{number}.example", employee_count=number) for number in range(250)]
    insert_rows(rows)
    kept = CompanyProfile.objects.in_bulk([row.pk for row in rows])
    assert [kept[row.pk].employee_count for row in rows] == list(range(250))
    assert all(row.updated_at for row in kept.values())


def test_an_inserted_row_can_be_saved_as_any_other():
    row = CompanyProfile(domain="firm.example")
    insert_rows([row])
    row.name = "Firm"
    row.save()
    assert CompanyProfile.objects.get().name == "Firm"


def test_conflicts_are_left_out_where_that_is_asked_for_and_raised_where_not():
    insert_rows([CompanyProfile(domain="a.example")])
    insert_rows(
        [CompanyProfile(domain="a.example"), CompanyProfile(domain="b.example")], ignore_conflicts=True
    )
    assert set(CompanyProfile.objects.values_list("domain", flat=True)) == {"a.example", "b.example"}
    with pytest.raises(IntegrityError):
        insert_rows([CompanyProfile(domain="a.example")])


def test_a_value_that_is_too_long_is_refused_and_not_cut():
    with pytest.raises(DataError):
        insert_rows([CompanyProfile(domain="a.example", name="x" * 201)])


def test_updates_write_the_named_fields_of_all_rows_and_nothing_else(form):
    rows = [submission(form), submission(form), submission(form)]
    insert_rows(rows)
    for row in rows[:2]:
        row.extra, row.ip, row.handed_off_at, row.status = HARD, None, row.received_at, "handed_off"
        row.content_type = "not written"
    assert update_rows(rows[:2], fields=["extra", "ip", "handed_off_at", "status"]) == 2
    for row in rows[:2]:
        kept = read_back(row)
        assert (kept["extra"], kept["ip"], kept["handed_off_at"]) == (HARD, None, row.received_at)
        assert kept["content_type"] == 'application/json; charset="utf-8"'
    assert read_back(rows[2])["status"] == "received"
