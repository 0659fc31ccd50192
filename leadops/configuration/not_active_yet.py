"""What can be stored and does nothing yet: the one table that `config apply`, `config diff` and `manage.py doctor` read.

What works stands in a registry (connectors, kinds of steps, vendors). A setting that enters its registry leaves this table
by itself; the thank-you mail, which has none, is named by hand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm_sync.connectors import CONNECTORS
from intake.vendors.registry import VENDORS
from leadops.configuration.schema import Item
from routing.engine.step_kinds import NOT_ACTIVE_YET, STEP_KINDS


@dataclass(frozen=True, slots=True)
class IdleSetting:
    """`setting` as the file writes it, `items` the names of those that have it."""

    setting: str
    items: tuple[str, ...]
    why: str
    hint: str

    @property
    def title(self) -> str:
        return f"{self.setting} ({', '.join(self.items)}): {self.why}"


@dataclass(frozen=True, slots=True)
class _Kept:
    """`named` gives the settings of one item of the section that do nothing, each with the reason."""

    section: str
    key: str
    named: Callable[[Item], Iterable[tuple[str, str]]]
    hint: str


def _confirmation_email(form: Item) -> Iterator[tuple[str, str]]:
    if form.get("confirmation_email"):
        yield "confirmation_email", "no thank-you mail is sent."


def _vendor(form: Item) -> Iterator[tuple[str, str]]:
    if form.get("vendor", "generic") not in VENDORS:
        yield f"vendor: {form['vendor']}", "such bodies cannot be read."


def _kind(connection: Item) -> Iterator[tuple[str, str]]:
    if "kind" in connection and connection["kind"] not in CONNECTORS:
        yield f"kind: {connection['kind']}", "there is no connector for it, so what is to be written waits."


def _steps(policy: Item) -> Iterator[tuple[str, str]]:
    for do in dict.fromkeys(step["do"] for step in policy.get("steps", ())):
        if do in NOT_ACTIVE_YET:
            yield f"do: {do}", NOT_ACTIVE_YET[do]


_TABLE = (
    _Kept(
        "forms",
        "key",
        _confirmation_email,
        "Let the website or your mail tool confirm, or take it off the form.",
    ),
    _Kept("forms", "key", _vendor, "Choose another vendor; “generic” takes any JSON or form body."),
    _Kept("connections", "key", _kind, "Switch the connection off (active: false) if that is not wanted."),
    _Kept("sla_policies", "name", _steps, f"Until then use one of {', '.join(STEP_KINDS)}."),
)


def idle_settings(sections: Mapping[str, Any]) -> list[IdleSetting]:
    """Each thing once. `sections` is plain data, as a file holds it; what is switched off promises nothing."""
    found: dict[str, IdleSetting] = {}
    for kept in _TABLE:
        for item in sections.get(kept.section, ()):
            if not item.get("active", True):
                continue
            for setting, why in kept.named(item):
                before = found[setting].items if setting in found else ()
                found[setting] = IdleSetting(setting, (*before, item[kept.key]), why, kept.hint)
    return list(found.values())


def sections_that_may_hold_one() -> set[str]:
    return {kept.section for kept in _TABLE}
