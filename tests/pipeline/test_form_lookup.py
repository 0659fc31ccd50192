"""A form is remembered, and never as it was."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.form_lookup import form_called
from intake.models import IntakeForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def form():
    return IntakeForm.objects.create(key="quote", name="Quote")


def test_a_form_that_has_not_changed_is_not_read_again(form):
    form_called("quote")
    with CaptureQueriesContext(connection) as asked:
        assert form_called("quote") == form
    assert len(asked) == 1


def test_every_change_is_seen_at_once(form):
    for name in ("A", "B", "C"):
        IntakeForm.objects.filter(key="quote").update(name=name)
        assert form_called("quote").name == name
    form.refresh_from_db()
    form.active = False
    form.save()
    assert not form_called("quote").active


def test_a_form_that_is_renamed_deleted_or_made_anew_is_not_the_old_one(form):
    assert form_called("quote").pk == form.pk
    IntakeForm.objects.update(key="other")
    assert form_called("quote") is None
    assert form_called("other").pk == form.pk
    form.refresh_from_db()
    form.delete()
    assert form_called("other") is None
    made_anew = IntakeForm.objects.create(key="quote", name="Another")
    assert form_called("quote").pk == made_anew.pk
    assert form_called("nobody") is None
