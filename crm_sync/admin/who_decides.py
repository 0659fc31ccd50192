"""The table of who is right about each mapped field, and which way it goes: on the page of a connection."""

from collections.abc import Sequence
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from crm_sync.admin import message_form
from crm_sync.admin.connection_form import MASTERS, ConnectionForm, hidden_from
from crm_sync.connection_settings import Direction, Ownership, SystemName
from crm_sync.connectors import can
from crm_sync.models import CrmConnection
from crm_sync.outbound import crm_fields
from crm_sync.outbound.crm_fields import OWNER, STATUS
from crm_sync.outbound.lines import lines_of
from crm_sync.outbound.payload import SHARED
from plumbing.json_shapes import problems

# Their system has a select of its own, as in `system_of_record`.
_OWN_SELECT = {OWNER: "master_owner", STATUS: "master_lifecycle"}
_WAYS = (
    ("both", "both ways"),
    ("to_crm", "only from here to there"),
    ("from_crm", "only from there to here"),
)


def meaning(system: SystemName, direction: Direction) -> str:
    """What happens, in one sentence."""
    if direction == "from_crm":
        return "Nothing is ever written there; what changes there comes here."
    if direction == "to_crm":
        if system == "leadops":
            return "Ours is written; what is changed there is changed back, once a day."
        return "Ours is written; what is changed there stays there until ours changes."
    return {
        "leadops": "Ours is written; what is changed there is changed back, once a day.",
        "crm": "Written once, with a new record; from then on what stands there comes here.",
        "most_recent": "Whatever changed last, here or there, is taken over by the other.",
    }[system]


def _of_owners(system: SystemName, direction: Direction) -> str:
    if direction == "both" and system == "leadops":
        return "Ours is written; what an automation changes there is changed back, what a person changes is a reassign here."
    return meaning(system, direction)


class OwnershipForm(message_form.MessagesForm, ConnectionForm):
    """With `owns_<field>` and `goes_<field>` for each of `shared`, which `form_for` adds."""

    shared: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = self.instance.ownership.plain()
        for canonical in self.shared:
            own = said.get(_name(canonical), {})
            self.initial.setdefault(f"owns_{canonical}", own.get("system", ""))
            self.initial.setdefault(f"goes_{canonical}", own.get("direction", "both"))

    def _post_clean(self) -> None:
        said = self.instance.ownership.plain()
        for canonical in self.shared:
            if f"goes_{canonical}" not in self.fields:
                continue
            own = {**said.pop(_name(canonical), {})}
            system = self.cleaned_data.get(f"owns_{canonical}", own.get("system"))
            direction = self.cleaned_data.get(f"goes_{canonical}") or "both"
            found = ({"system": system} if system else {}) | (
                {"direction": direction} if direction != "both" else {}
            )
            if wrong := problems(Ownership, {_name(canonical): found}):
                self.add_error(f"goes_{canonical}", wrong[0][1])
            elif found:
                said[_name(canonical)] = found
        self.instance.ownership = said
        super()._post_clean()


def form_for(connection: CrmConnection | None) -> type[ConnectionForm]:
    """The connection's form with a row for each mapped field that both sides can change."""
    if connection is None:
        return ConnectionForm
    shared = shared_of(connection)
    fields: dict[str, Any] = {"shared": shared, **message_form.fields_for(connection)}
    # A field of the form that the page does not show would be read as left empty.
    fields |= dict.fromkeys(hidden_from(connection.kind))
    for canonical in shared:
        own = connection.ownership.of(canonical)
        system = own.system or connection.system_of_record.of(canonical)
        if canonical not in _OWN_SELECT:
            fields[f"owns_{canonical}"] = forms.ChoiceField(
                label=crm_fields.label(canonical),
                choices=MASTERS,
                required=False,
                widget=UnfoldAdminSelectWidget(),
            )
        fields[f"goes_{canonical}"] = forms.ChoiceField(
            label="goes",
            choices=_WAYS,
            required=False,
            widget=UnfoldAdminSelectWidget(),
            help_text=_of_owners(system, own.direction)
            if canonical == OWNER
            else meaning(system, own.direction),
        )
    return type("OwnershipForm", (OwnershipForm,), fields)


def rows(connection: CrmConnection | None) -> list[str | tuple[str, str]]:
    """The fieldset, a row for each."""
    usual: list[str | tuple[str, str]] = ["master_owner", "master_lifecycle", "master_default"]
    if connection is None:
        return usual
    shared = shared_of(connection)
    named: list[str | tuple[str, str]] = [
        (_OWN_SELECT.get(canonical, f"owns_{canonical}"), f"goes_{canonical}") for canonical in shared
    ]
    if not can(connection.kind).reads:
        return named
    left = [select for canonical, select in _OWN_SELECT.items() if canonical not in shared]
    return [*left, "master_default", *named]


def shared_of(connection: CrmConnection) -> list[str]:
    """Mapped fields that both sides can change, in the order of the mappings; one query. Where nothing can be read, those that
    events tell of."""
    lines = lines_of(connection)
    if not can(connection.kind).reads:
        lines = [line for line in lines if line.canonical in _OWN_SELECT and line.mode == line.Mode.OVERWRITE]
    mapped = [line.canonical for line in lines]
    found = [canonical for canonical in dict.fromkeys(mapped) if canonical in SHARED]
    return sorted(found, key=lambda canonical: canonical not in _OWN_SELECT)


def _name(canonical: str) -> str:
    return "lifecycle" if canonical == STATUS else canonical
