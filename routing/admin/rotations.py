"""Rotations: is it fair, who is next, why not me."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet
from unfold.views import ChangeList

from plumbing.admin_kit.form_fields import WordsField
from plumbing.admin_kit.pages import ConfigurationPage, PartOfItsPage, TheirRows
from plumbing.findings import Finding, headline
from routing.engine.rotation_state import LEAD, in_leads
from routing.models import Rotation, RotationMember, RotationTurn
from routing.rotations import holding_queues, ledger, membership, rotation_stats, specialist_load
from routing.rotations.rotation_stats import Duty, RotationStats

_WHEN_EMPTY = {
    Rotation.WhenEmpty.ROTATION: "when_empty_rotation",
    Rotation.WhenEmpty.QUEUE: "when_empty_queue",
}


class RotationForm(forms.ModelForm):  # type: ignore[type-arg]
    required_skills = WordsField(
        required=False,
        help_text="Only members who have all of these can be picked: enterprise, es.",
    )

    class Meta:
        model = Rotation
        fields = [
            "name", "team", "calendar_policy", "overflow_to_off_duty", "required_skills",
            "specialist_leads", "max_leads_ahead",
            "when_empty", "when_empty_rotation", "when_empty_queue", "active",
        ]  # fmt: skip
        labels = {
            "calendar_policy": "Opening hours",
            "overflow_to_off_duty": "Overflow to those off duty",
            "when_empty_rotation": "The other rotation",
            "when_empty_queue": "The queue",
        }
        help_texts = {
            "team": "Its manager looks after this rotation.",
            "calendar_policy": "Whoever is absent is never picked, whatever stands here.",
            "specialist_leads": (
                "When only some of those present have the skill. Count: everybody ends up with the same total, so"
                " whoever gets such a lead waits longer for the next one. On top: such leads are shared out only"
                " among those who can take them, and cost them nothing of the others."
            ),
            "max_leads_ahead": (
                "So many leads more than their share is the most that anybody can get through such leads; from then"
                " on they come on top."
            ),
            "when_empty": "When everybody is away, off duty or at a cap.",
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("when_empty")
        for of_kind, name in _WHEN_EMPTY.items():
            if of_kind != kind:
                cleaned[name] = None
            elif cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, "Choose where these leads go.")
        following = cleaned.get("when_empty_rotation")
        if following is not None:
            self._refuse_circles(following)
        return cleaned

    def _refuse_circles(self, following: Rotation) -> None:
        if following == self.instance:
            message = "A rotation cannot be its own way out: choose another one."
            self.add_error("when_empty_rotation", ValidationError(message))
        elif circle := membership.circle_from(self.instance, following):
            chain = " → ".join(rotation.name for rotation in circle)
            message = f"A circle: {chain}. Leads would never come to rest; let one of them end in a queue."
            self.add_error("when_empty_rotation", ValidationError(message))


class MemberFormSet(PaginationInlineFormSet):
    def clean(self) -> None:
        super().clean()
        active = [form for form in self.forms if _kept(form) and form.cleaned_data.get("active")]
        for form in active:
            owner = form.cleaned_data["owner"]
            if not owner.active and ("owner" in form.changed_data or "active" in form.changed_data):
                form.add_error("owner", f"{owner} is not active and cannot be picked.")


class MembersInline(PartOfItsPage, TheirRows, TabularInline):
    model = RotationMember
    formset = MemberFormSet
    fields = ["owner", "weight", "active"]
    autocomplete_fields = ["owner"]
    extra = 0
    verbose_name_plural = "Members"
    tab = False


class RotationList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        duty = rotation_stats.duty_by_rotation([row.pk for row in self.result_list], now=timezone.now())
        for row in self.result_list:
            row.duty = duty[row.pk]


@admin.register(Rotation)
class RotationPage(ConfigurationPage):
    form = RotationForm
    inlines = [MembersInline]
    list_display = ["name", "there", "hours", "way_out", "active"]
    list_filter = [
        ("calendar_policy", ChoicesDropdownFilter),
        ("members__owner", AutocompleteSelectFilter),
        ("active", BooleanRadioFilter),
    ]
    list_select_related = ["when_empty_rotation", "when_empty_queue"]
    search_fields = ["name"]
    autocomplete_fields = ["team", "when_empty_rotation", "when_empty_queue"]
    change_form_outer_before_template = "routing/rotation_summary.html"
    change_form_outer_after_template = "routing/rotation_ledger.html"
    conditional_fields = {
        "overflow_to_off_duty": "calendar_policy == 'on_duty_first'",
        "max_leads_ahead": "specialist_leads == 'count'",
        **{name: f"when_empty == '{kind.value}'" for kind, name in _WHEN_EMPTY.items()},
    }
    fieldsets = [
        (None, {"fields": [("name", "team"), "calendar_policy", "overflow_to_off_duty", "active"]}),
        ("Skills", {"fields": ["required_skills", "specialist_leads", "max_leads_ahead"]}),
        ("When nobody can be picked", {"fields": ["when_empty", "when_empty_rotation", "when_empty_queue"]}),
    ]
    empty_icon = "autorenew"
    empty_title = "No rotations yet"
    empty_text = (
        "A rotation shares leads out among its members, exactly by weight. Add one, and name its members."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RotationList

    def summary(self, request: HttpRequest, row: Rotation) -> Mapping[str, Any]:
        stats = rotation_stats.of_rotation(row, now=timezone.now())
        overloads = specialist_load.sentences([row.pk], now=timezone.now()).get(row.pk, [])
        return {
            "stats": stats,
            "answer": _answer(row, stats, overloads),
            "bars": [
                {
                    "member": member,
                    "actual": 100 * member.actual / stats.largest,
                    "target": 100 * member.target / stats.largest,
                    "url": reverse("admin:routing_owner_change", args=(member.owner.pk,)),
                }
                for member in stats.members
            ],
            "rules": list(row.routing_rules.filter(active=True).order_by("position")),
            "ledger": [_turn(turn) for turn in stats.turns],
            "overloads": overloads,
        }

    def save_model(self, request: HttpRequest, obj: Rotation, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        if obj.when_empty == Rotation.WhenEmpty.HOLD:
            holding_queues.holding_queue_of(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        """Members are written by their writer, so that credits stay in balance."""
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        if not formset.has_changed():
            return
        members = [
            membership.Member(data["owner"].pk, data["weight"], data["active"])
            for data in (one.cleaned_data for one in formset.forms if _kept(one))
        ]
        membership.set_members(form.instance, members, now=timezone.now(), user=request.user)  # type: ignore[arg-type]

    @display(description="Now", label={"some": "success", "nobody": "warning", "empty": "danger"})
    def there(self, row: Any) -> tuple[str, str]:
        duty: Duty = row.duty
        if not duty.members:
            return "empty", "no members"
        return ("some" if duty.on_duty else "nobody"), f"{duty.on_duty} of {duty.members} on duty"

    @display(description="Opening hours", ordering="calendar_policy")
    def hours(self, row: Rotation) -> str:
        return row.get_calendar_policy_display()

    @display(description="When nobody can be picked", ordering="when_empty")
    def way_out(self, row: Rotation) -> str:
        to = row.when_empty_rotation or row.when_empty_queue
        return f"→ {to}" if to else row.get_when_empty_display()


def _kept(form: Any) -> bool:
    data = getattr(form, "cleaned_data", None) or {}
    return bool(data.get("owner")) and not data.get("DELETE")


def _answer(row: Rotation, stats: RotationStats, overloads: Sequence[str]) -> str:
    """What is wrong first; then whether the shares are right, and who is next."""
    wrong = list(_wrong(row, stats, overloads))
    if not stats.members:
        return headline(wrong, praise="")
    share = (
        f"Nobody is more than {max(stats.furthest_off, 0.1):.1f} leads from their share."
        if stats.counted
        else "No turns yet."
    )
    following = f"Next: {stats.picks[0].name}." if stats.picks else ""
    return " ".join(filter(None, (headline(wrong, praise=""), share, following)))


def _wrong(row: Rotation, stats: RotationStats, overloads: Sequence[str]) -> Iterator[Finding]:
    if not stats.members:
        yield Finding("fail", "Nobody is a member yet: add members below.")
    elif not row.active:
        yield Finding("fail", "Switched off: it gives out no lead.")
    elif not stats.picks:
        yield Finding("fail", f"Nobody can be picked now: leads go to {stats.then}.")
    for sentence in overloads:
        yield Finding("warn", sentence)
    full = [member for member in stats.members if member.at_cap]
    if len(full) == 1:
        yield Finding("warn", f"{full[0].reason}.")
    elif full:
        names = get_text_list([member.owner.name for member in full], "and")
        yield Finding("warn", f"{names} have reached their caps.")


def _turn(turn: RotationTurn) -> dict[str, Any]:
    used = ledger.turn_of(turn)
    mine = next((row for row in used.rows if row.owner_id == used.picked), None)
    out = [str(left["reason"]) for left in turn.left_out]
    return {
        "number": turn.number,
        "at": turn.at,
        "kind": turn.get_kind_display(),
        "picked": turn.owner.name,
        "lead": str(turn.lead) if turn.lead else "",
        "lead_id": turn.lead_id,
        "before": in_leads(mine.before, used.unit) if mine else "",
        "after": in_leads(mine.after, used.unit) if mine else "",
        "extra": in_leads(mine.moved).lstrip("+") if mine and mine.moved >= LEAD // 20 else "",
        "left_out": get_text_list(out, "and"),
    }
