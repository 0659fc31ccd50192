"""What the exceptions screen shows: causes, not rows, and for each the next step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from crm_sync.models import CrmConnection
from exception_queue import kinds, queue
from exception_queue.models import ExceptionItem
from exception_queue.queue import Counts, Group

Status = ExceptionItem.Status
Items = QuerySet[ExceptionItem]

TABS = ("mine", "unclaimed", "snoozed", "all")
AGES: Mapping[str, tuple[str, timedelta]] = {
    "hour": ("New in the last hour", timedelta(hours=1)),
    "day": ("New in the last day", timedelta(days=1)),
    "old": ("Older than a day", timedelta(days=1)),
    "older": ("Older than a week", timedelta(days=7)),
}
SEVERITY_ICONS = {"high": "error", "medium": "warning", "low": "info"}


@dataclass(frozen=True, slots=True)
class View:
    """What somebody asked to see. `group` is "kind|cause key"."""

    tab: str
    kind: str = ""
    age: str = ""
    words: str = ""
    group: str = ""

    @classmethod
    def of(cls, asked: QueryDict, counts: Counts) -> "View":
        tab = asked.get("tab", "")
        if tab not in TABS:
            tab = "unclaimed" if counts.unclaimed else "mine" if counts.mine else "all"
        age = asked.get("age", "")
        return cls(
            tab=tab,
            kind=asked.get("kind", ""),
            age=age if age in AGES else "",
            words=asked.get("q", "").strip(),
            group=asked.get("group", ""),
        )

    @property
    def filtered(self) -> bool:
        return bool(self.kind or self.age or self.words)

    def query(self, **changes: str) -> str:
        """The address of this view with some of it changed, for links."""
        asked = QueryDict(mutable=True)
        said = {
            "tab": self.tab,
            "kind": self.kind,
            "age": self.age,
            "q": self.words,
            "group": self.group,
        } | changes
        asked.update({name: value for name, value in said.items() if value})
        return f"?{asked.urlencode()}"


@dataclass(frozen=True, slots=True)
class FixStep:
    """Where somebody goes to fix it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One cause on the screen. `says` is the cause, unless that only repeats the title."""

    group: Group
    key: str
    icon: str
    step: FixStep | None
    link: str
    subject: str
    says: str

    @property
    def all_claimed(self) -> bool:
        return self.group.claimed == self.group.items


def items_of(view: View, *, by: str, now: datetime) -> Items:
    """The items that this view holds."""
    rows = ExceptionItem.objects.filter(status__in=ExceptionItem.UNRESOLVED)
    match view.tab:
        case "mine":
            rows = rows.filter(status=Status.OPEN, claimed_by=by)
        case "unclaimed":
            rows = rows.filter(status=Status.OPEN, claimed_by="")
        case "snoozed":
            rows = rows.filter(status=Status.SNOOZED)
    if view.kind:
        rows = rows.filter(kind=view.kind)
    if view.age:
        since = now - AGES[view.age][1]
        rows = (
            rows.filter(first_seen_at__lte=since)
            if view.age.startswith("old")
            else rows.filter(first_seen_at__gt=since)
        )
    if view.words:
        rows = rows.filter(Q(subject_label__icontains=view.words) | Q(cause__icontains=view.words))
    return in_groups(rows, [view.group]) if view.group else rows


def in_groups(rows: Items, keys: Iterable[str]) -> Items:
    """Only rows of these groups ("kind|cause key")."""
    wanted = Q(pk__in=[])
    for key in keys:
        kind, _, cause_key = key.partition("|")
        wanted |= Q(kind=kind, cause_key=cause_key)
    return rows.filter(wanted)


def cards(rows: Items, view: View, *, user: Any) -> list[Card]:
    """The worst and most frequent first, with the next step if `user` may take it. Three queries."""
    groups = queue.groups(rows)
    connections = _connections([group.sample for group in groups])
    steps = [
        next_step(group.sample, connections) if group.items == 1 or _is_general(group) else None
        for group in groups
    ]
    return [
        Card(
            group=group,
            key=(key := f"{group.kind.key}|{group.cause_key}"),
            icon=SEVERITY_ICONS[group.kind.severity],
            step=step if may_take(step, user) else None,
            link=view.query(group=key),
            subject=group.sample.subject_label if group.items == 1 else "",
            says=said_of(group.sample) if group.items == 1 else _unless_title(group.sample),
        )
        for group, step in zip(groups, steps, strict=True)
    ]


def said_of(item: ExceptionItem) -> str:
    """The cause in words; where it only repeats the title, what was found."""
    reasons = item.detail.get("reasons") if isinstance(item.detail, dict) else None
    return _unless_title(item) or ("; ".join(map(str, reasons)) if isinstance(reasons, list) else "")


def _unless_title(item: ExceptionItem) -> str:
    return "" if item.cause == item.described_kind.title else item.cause


def own_step(item: ExceptionItem) -> FixStep | None:
    """Where this one row is fixed: never the place that is the same for the whole group."""
    detail = item.detail if isinstance(item.detail, dict) else {}
    if pair := _pair(detail):
        return FixStep("Compare", reverse("admin:intake_lead_compare", args=pair))
    if item.subject_url:
        return FixStep(f"Open the {item.subject_type.replace('_', ' ')}", item.subject_url)
    return None


def next_step(item: ExceptionItem, connections: Mapping[str, int]) -> FixStep | None:
    """The kind's own place, else what the item is about."""
    kind = item.described_kind
    detail = item.detail if isinstance(item.detail, dict) else {}
    if item.action_url:
        return FixStep(kind.action_label or "Open", item.action_url)
    if connection := connections.get(str(detail.get("connection", ""))):
        return FixStep("Open the connection", _page("crm_sync_crmconnection", connection))
    return own_step(item)


def may_take(step: FixStep | None, user: Any) -> bool:
    """Whether the console shows that page to somebody. Pages elsewhere are none of its business."""
    if step is None:
        return False
    try:
        name = resolve(step.url.partition("?")[0].partition("#")[0]).url_name or ""
    except Resolver404:
        return True
    model, _, verb = name.rpartition("_")
    app, found, model = model.rpartition("_")
    needed = {"add": "add", "change": "view", "changelist": "view"}.get(verb)
    return not needed or not found or bool(user.has_perm(f"{app}.{needed}_{model}"))


def evidence(item: ExceptionItem) -> list[FixStep]:
    """Links to what the item is about: the lead or submission, and the raw body that it came from."""
    found = []
    if item.subject_url:
        found.append(FixStep(f"The {item.subject_type.replace('_', ' ')}", item.subject_url))
    detail = item.detail if isinstance(item.detail, dict) else {}
    submission = item.subject_id if item.subject_type == "submission" else str(detail.get("submission", ""))
    if _is_uuid(submission):
        found.append(
            FixStep(
                "The raw body",
                reverse("admin:intake_submission_change", args=(submission,)) + "#as-it-came-in",
            )
        )
    if pair := _pair(detail):
        found.append(FixStep("Compare the two", reverse("admin:intake_lead_compare", args=pair)))
    return found


def details(item: ExceptionItem) -> list[tuple[str, str]]:
    """The item's detail in words; ids that a link already stands for are left out."""
    hidden = {"lead", "candidate", "submission"}
    detail = item.detail if isinstance(item.detail, dict) else {}
    return [
        (
            name.replace("_", " ").capitalize(),
            ", ".join(map(str, value)) if isinstance(value, list) else str(value),
        )
        for name, value in detail.items()
        if name not in hidden and value not in ("", None, [], {})
    ]


def kind_choices() -> list[kinds.ExceptionKind]:
    return sorted(kinds.all_kinds(), key=lambda kind: (kind.rank, kind.title))


def connections_of(items: Iterable[ExceptionItem]) -> Mapping[str, int]:
    """The connections that these items speak of, by key."""
    return _connections(list(items))


def _connections(items: list[ExceptionItem]) -> Mapping[str, int]:
    keys = {str(item.detail.get("connection")) for item in items if isinstance(item.detail, dict)}
    keys -= {"None"}
    return dict(CrmConnection.objects.filter(key__in=keys).values_list("key", "pk")) if keys else {}


def _is_general(group: Group) -> bool:
    """The place to fix it is the same for every item of the group."""
    kind, detail = group.kind, group.sample.detail
    if kind.action_url:
        return "{subject" not in kind.action_url
    return isinstance(detail, dict) and "connection" in detail


def _pair(detail: Mapping[str, Any]) -> tuple[str, str] | None:
    one, other = str(detail.get("lead", "")), str(detail.get("candidate", ""))
    return (one, other) if _is_uuid(one) and _is_uuid(other) else None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _page(name: str, pk: Any) -> str:
    try:
        return reverse(f"admin:{name}_change", args=(pk,))
    except NoReverseMatch:
        return ""
