"""What the exceptions screen shows: causes, not rows, and for each the next step."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import Resolver404, resolve

from exception_queue import grouping, kinds
from exception_queue.grouping import Counts, Group
from exception_queue.models import ExceptionItem, load_pages
from exception_queue.pages import Link
from plumbing import access
from plumbing.readable import readable

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
class Card:
    """One cause on the screen. `says` is the cause, unless that only repeats the title."""

    group: Group
    key: str
    icon: str
    step: Link | None
    link: str
    subject: str
    says: str

    @property
    def all_claimed(self) -> bool:
        return self.group.claimed == self.group.items


def items_of(items: Items, view: View, *, by: str, now: datetime) -> Items:
    """Those of the items that this view holds."""
    rows = items.filter(status__in=ExceptionItem.UNRESOLVED)
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
    groups = grouping.groups(rows)
    load_pages([group.sample for group in groups])
    steps = [next_step(group.sample) if group.items == 1 else shared_step(group.sample) for group in groups]
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


def own_step(item: ExceptionItem) -> Link | None:
    """Where this one row is fixed: never the place that is the same for the whole group."""
    return item.pages.own


def shared_step(item: ExceptionItem) -> Link | None:
    """The place that is the same for every item of the group, if there is one."""
    kind = item.described_kind
    return Link(kind.action_label or "Open", kind.action_url) if kind.action_url else item.pages.shared


def next_step(item: ExceptionItem) -> Link | None:
    """The kind's own place, else what the item is about."""
    kind = item.described_kind
    if item.action_url:
        return Link(kind.action_label or "Open", item.action_url)
    return shared_step(item) or own_step(item)


def may_take(step: Link | None, user: Any) -> bool:
    """Whether the console shows that page to somebody. Pages elsewhere are none of its business. A query for a page of two rows
    where what somebody sees is limited."""
    if step is None:
        return False
    try:
        page = resolve(step.url.partition("?")[0].partition("#")[0])
    except Resolver404:
        return True
    model, _, verb = (page.url_name or "").rpartition("_")
    app, found, model = model.rpartition("_")
    needed = {"add": "add", "change": "view", "changelist": "view", "compare": "view"}.get(verb)
    if not needed or not found:
        return True
    if not user.has_perm(f"{app}.{needed}_{model}"):
        return False
    both = {pk for pk in page.kwargs.values() if isinstance(pk, UUID)}
    return verb != "compare" or _are_theirs(f"{app}.{model}", both, user)


def _are_theirs(label: str, pks: Set[Any], user: Any) -> bool:
    """All of these rows. The item itself is somebody's by one of the two; the other may be none of their business."""
    for model in admin.site._registry:
        if model._meta.label_lower == label:
            rows = model._default_manager.all()
            theirs = access.rows_for(user, rows)
            return theirs is rows or theirs.filter(pk__in=pks).count() == len(pks)
    return True


def details(item: ExceptionItem) -> list[tuple[str, str]]:
    """The item's detail in words; ids that a link already stands for are left out."""
    hidden = {"lead", "candidate", "submission"}
    detail = item.detail if isinstance(item.detail, dict) else {}
    return [
        (
            name.replace("_", " ").capitalize(),
            readable(", ".join(map(str, value)) if isinstance(value, list) else str(value)),
        )
        for name, value in detail.items()
        if name not in hidden and value not in ("", None, [], {})
    ]


def kind_choices() -> list[kinds.ExceptionKind]:
    return sorted(kinds.all_kinds(), key=lambda kind: (kind.rank, kind.title))
