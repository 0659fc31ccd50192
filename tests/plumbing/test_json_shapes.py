"""JSON columns with a type: one declaration for column, form and file."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from intake.form_settings import ThrottleLimits, VelocityLimits
from intake.models import IntakeForm
from plumbing.json_shapes import JsonShape, problems
from routing.models import SlaPolicy
from routing.step_settings import SlaStepSpec


class Shelf(JsonShape):
    width: Annotated[int, Field(ge=1, le=9)] = 1
    side: Literal["left", "right"] = "left"
    label: Annotated[str, Field(max_length=5)] = ""


@pytest.mark.parametrize(
    ("written", "at", "said"),
    [
        ({"width": 0}, ("width",), "0 is out of range: it is at least 1."),
        ({"width": "two"}, ("width",), "Write a whole number, not “two”."),
        ({"width": True}, ("width",), "Write a whole number, not “True”."),
        ({"side": "lef"}, ("side",), "“lef” is not known here: use left, right. Did you mean “left”?"),
        ({"label": 5}, ("label",), "Write text here; put it in quotes if you mean the word “5”."),
        ({"label": "far too long"}, ("label",), "This is longer than 5 characters."),
        ({"widht": 3}, ("widht",), "“widht” is not known here. Did you mean “width”?"),
        ([], (), "Write a table here, with width, side, label."),
    ],
)
def test_it_says_in_a_sentence_what_is_wrong_and_where(written, at, said):
    assert problems(Shelf, written) == [(at, said)]


def test_it_names_everything_that_is_wrong_at_once():
    assert len(problems(Shelf, {"width": 0, "side": "up", "colour": "red"})) == 3


def test_a_stored_part_that_no_longer_fits_counts_as_not_said_and_the_rest_stays():
    assert Shelf.stored({"width": 4, "side": "middle", "old": 1}) == Shelf(width=4)
    assert Shelf.stored("nonsense") == Shelf()


@pytest.mark.django_db
def test_a_row_holds_the_shape_however_it_was_assigned_and_stores_what_is_no_default():
    form = IntakeForm(key="web", name="Web", throttle={"per_ip": 5})
    assert form.throttle == ThrottleLimits(per_ip=5)
    form.velocity = VelocityLimits(per_email=2)
    form.save()
    stored = IntakeForm.objects.filter(throttle__per_ip=5).get()
    assert (stored.throttle.per_ip, stored.throttle.per_form, stored.velocity.per_email) == (5, None, 2)
    assert stored.history.get().throttle == ThrottleLimits(per_ip=5)
    assert not stored.confirmation_email


@pytest.mark.django_db
def test_a_list_column_holds_shapes_and_leaves_out_what_cannot_be_read():
    policy = SlaPolicy(
        name="Hot", first_response="30m", steps=[{"at": "50%", "do": "remind_owner"}, {"at": "x"}]
    )
    assert policy.steps == [SlaStepSpec(at="50%", do="remind_owner")]
    policy.save()
    assert SlaPolicy.objects.get().steps == policy.steps


def test_what_does_not_go_together_is_said_of_the_whole():
    assert problems(SlaStepSpec, {"at": "50%", "do": "queue"}) == [
        ((), "“do: queue” needs the name of the queue: queue: Triage.")
    ]
