"""Response times: by when somebody must answer, and what happens when nobody does."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from plumbing.admin_kit.rows import Column, Row, RowsWidget
from plumbing.json_shapes import problems
from routing.admin.conditions import ConditionField, in_words
from routing.admin.drafts import DraftPage
from routing.engine.durations import Clock, DurationError, parse
from routing.engine.durations import in_words as duration_in_words
from routing.engine.step_kinds import STEP_KINDS
from routing.models import Queue, SlaPolicy
from routing.step_settings import SlaStepSpec

STEPS = tuple((kind.do, kind.label) for kind in STEP_KINDS.values())
COUNTED = (("owner", "from the assignment"),)
EXCLUDED = (("nobody", "anybody but the present owner"),)


class StepsField(forms.Field):
    """The column's list of {"at", "do", ...}, edited as rows."""

    def __init__(self, **kwargs: Any) -> None:
        columns = (
            Column("at", "After", placeholder="50%, 15m", width="7rem"),
            Column("clock", "Counted", COUNTED, "from receipt", width="12rem"),
            Column("do", "Do", STEPS, "Choose…", width="14rem"),
            Column("queue", "Queue", [("", "")], "Which queue?", only_for="do=queue"),
            Column("exclude", "To whom", EXCLUDED, "nobody who had it before", only_for="do=reassign"),
        )
        super().__init__(widget=RowsWidget(columns, add="Add a step"), required=False, **kwargs)

    def offer_queues(self, names: list[str]) -> None:
        widget = self.widget
        assert isinstance(widget, RowsWidget)
        widget.columns = [
            Column("queue", "Queue", [(name, name) for name in names], column.placeholder, column.only_for)
            if column.name == "queue"
            else column
            for column in widget.columns
        ]

    def clean(self, value: Any) -> list[Row]:
        steps = []
        for number, row in enumerate(value or [], start=1):
            step = {name: text for name, text in row.items() if text}
            if wrong := problems(SlaStepSpec, step):
                raise ValidationError([f"Step {number}: {said}" for said in _sentences(wrong)])
            steps.append(step)
        return steps

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != [
            {name: text for name, text in row.items() if text} for row in data or []
        ]


def _sentences(wrong: Iterable[tuple[tuple[str | int, ...], str]]) -> Iterator[str]:
    """In the words of the row: an empty cell is no missing key to whoever fills in a table."""
    empty = {("at",): "say after how long: 50%, 15m, 4bh or 1bd.", ("do",): "choose what happens."}
    for at, said in wrong:
        if "is missing" in said and at in empty:
            yield empty[at]
        else:
            yield "choose the queue." if "needs the name of the queue" in said else said


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    when = ConditionField(label="If", always="Every lead that no line above has taken.")
    steps = StepsField(
        label="Steps",
        help_text="A share counts the time until the answer is due: 50% of it, 100% when it is due, 150% after. "
        "A lead is given on automatically twice at most, then it goes to the fallback queue.",
    )
    first_response = forms.CharField(
        label="First answer within",
        widget=UnfoldAdminTextInputWidget({"placeholder": "30m, 4h, 4bh, 1bd"}),
        help_text="m and h are minutes and hours on the clock below; bh are business hours, bd business days.",
    )

    class Meta:
        model = SlaPolicy
        fields = ["name", "when", "clock", "first_response", "steps", "active"]
        help_texts = {
            "clock": "Opening hours of the team or the owner stop the clock at night; the wall clock never stops.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = self.fields.get("steps")
        if isinstance(steps, StepsField):
            queues = Queue.objects.filter(active=True, holding_queue=False)
            steps.offer_queues(list(queues.values_list("name", flat=True)))

    def clean_first_response(self) -> str:
        text: str = self.cleaned_data["first_response"].strip()
        try:
            duration = parse(text)
        except DurationError as error:
            raise ValidationError(str(error)) from error
        if duration.kind == "percent":
            raise ValidationError("A share of what? Write 30m, 4h, 4bh or 1bd.")
        if not duration.amount:
            raise ValidationError("Nobody can answer at once: write 30m, 4h, 4bh or 1bd.")
        return text


@admin.register(SlaPolicy)
class PolicyPage(DraftPage):
    form = PolicyForm
    list_display = ["policy", "within", "what_happens", "active"]
    list_display_links = ["policy"]
    list_editable = ["active"]
    list_filter = [("clock", ChoicesDropdownFilter), ("active", BooleanRadioFilter)]
    list_per_page = 200
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "when", "first_response", "clock", "steps", "active"]}),
    ]
    empty_icon = "timer"
    empty_title = "No response times yet"
    empty_text = "A response time says by when a lead must be answered, and whom to tell when it is not."

    words = {**DraftPage.words, "steps": lambda steps: steps_in_words(steps)}

    def summary(self, request: HttpRequest, row: SlaPolicy) -> Mapping[str, Any]:
        condition = f"If {in_words(row.when)}" if row.when else "Every lead"
        return {"answer": f"{condition}: an answer within {within_of(row)}."}

    @display(description="Response time", header=True, ordering="position")
    def policy(self, row: SlaPolicy) -> list[str]:
        return [row.name, f"If {in_words(row.when)}" if row.when else "Every lead"]

    @display(description="Within")
    def within(self, row: SlaPolicy) -> str:
        return within_of(row)

    @display(description="Then", empty_value="nothing")
    def what_happens(self, row: SlaPolicy) -> str | None:
        return steps_in_words(row.steps) or None


def within_of(row: SlaPolicy) -> str:
    clock: Clock = row.clock  # type: ignore[assignment]
    try:
        return duration_in_words(parse(row.first_response, clock=clock))
    except DurationError:
        return row.first_response


def steps_in_words(steps: Sequence[SlaStepSpec]) -> str:
    """ "at 50% remind the owner; at 100% tell the manager" """
    return "; ".join(_step_in_words(step) for step in steps)


def _step_in_words(step: SlaStepSpec) -> str:
    do, kind = step.do, STEP_KINDS.get(step.do)
    label = kind.label if kind is not None else f"{do} (not active yet)"
    what = f"put it into {step.queue}" if do == "queue" else label[:1].lower() + label[1:]
    return f"at {step.at} {what}" + (" (from the assignment)" if step.clock == "owner" else "")
