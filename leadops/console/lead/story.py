"""The timeline of a lead, told in sentences. Every verb has one; a verb that nobody told us about reads as its words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html

from intake.canonical import label_of
from intake.models import Lead, Submission, TimelineEntry
from leadops.console.lead import crm_sentences
from leadops.console.lead.sentences import Sentence, Teller, Text, Tone
from plumbing.admin_kit.moments import moment
from plumbing.readable import readable

_FLOORS = {
    "pipeline": "",
    "form": "",
    "sla": "",
    "notice": "",
    "console": "in the console",
    "api": "over the API",
}
_STATUSES: Mapping[str, str] = {value: str(label) for value, label in Lead.Status.choices}
MOST_DETAILS = 12


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of the story. `by` is who did it, empty where the sentence says so or nobody did."""

    at: datetime
    verb: str
    icon: str
    tone: Tone
    says: Text
    details: list[Text]
    by: str
    url: str = ""


def tell(
    entries: Iterable[TimelineEntry], *, connections: Mapping[str, str], opens_submissions: bool
) -> list[StoryLine]:
    """Newest last, as it happened. `connections` says what each connection's CRM is called, by key; `opens_submissions`
    whether the viewer has their pages."""
    return [_tell(entry, connections, opens_submissions=opens_submissions) for entry in entries]


def _tell(entry: TimelineEntry, connections: Mapping[str, str], *, opens_submissions: bool) -> StoryLine:
    teller = _TELLERS.get(entry.verb)
    if teller is not None:
        icon, tone, says, details = teller(entry.data, entry, connections)
    else:
        icon, tone, says, details = _unknown(entry)
    submission = entry.data.get("submission") if opens_submissions else None
    return StoryLine(
        at=entry.at,
        verb=entry.verb,
        icon=icon,
        tone=tone,
        says=says,
        details=details[:MOST_DETAILS],
        by=_by(entry, connections),
        url=reverse("admin:intake_submission_change", args=(submission,)) if submission else "",
    )


def _by(entry: TimelineEntry, connections: Mapping[str, str]) -> str:
    if entry.verb in ("intake.submitted", "intake.returned", "routing.escalated") or not entry.actor:
        return ""
    if entry.source in ("pipeline", "sla", "notice"):
        return ""
    where = _FLOORS.get(
        entry.source, f"in {connections[entry.source]}" if entry.source in connections else ""
    )
    return f"{entry.actor} {where}".strip()


def _submitted(data: dict[str, Any], entry: TimelineEntry, _: Mapping[str, str]) -> Sentence:
    came = "Submitted" if entry.verb == "intake.submitted" else "Came back"
    if meeting := data.get("meeting"):
        came = Submission.Meeting(meeting).label
    utm = data.get("utm") or {}
    source = " / ".join(
        str(utm[name]) for name in ("utm_source", "utm_medium", "utm_campaign") if utm.get(name)
    )
    details: list[Text] = [
        format_html("{}: {} → <b>{}</b>", label_of(str(one["field"])), readable(str(one["from"])), one["to"])
        for one in data.get("changes") or []
        if not isinstance(one.get("to"), bool)
    ]
    details += [
        readable(str(note.get("message") or note.get("code") or note)) for note in data.get("notes") or []
    ]
    if enriched := data.get("enriched"):
        names = ", ".join(label_of(str(name)).lower() for name in enriched)
        details.append(f"Filled in from what we know of the company: {names}")
    if data.get("test_address"):
        details.append(f"A test lead: {data['test_address']} is a test address.")
    if data.get("unchecked"):
        details.append("Routed unchecked: a check stayed open.")
    if by := data.get("cleared_by"):
        details.append(f"{by} said that it is no spam.")
    says = format_html(
        "{}: <b>{}</b>{}", came, entry.actor or data.get("form"), f" ({source})" if source else ""
    )
    return ("move_to_inbox" if came == "Submitted" else "replay", "info", says, details)


def _scored(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    reasons: list[Text] = [f"{one['points']:+d} {one['label']}" for one in data.get("reasons") or []]
    says = format_html("Scored <b>{}</b>: {}", data.get("points"), data.get("segment"))
    return "speed", "plain", says, reasons


def _learned(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    says = format_html("Would go to <b>{}</b> by what is known now", data.get("to"))
    return "lightbulb", "plain", says, [str(data.get("reason") or ""), f"It stays: {data.get('why_not')}"]


def _assigned(data: dict[str, Any], entry: TimelineEntry, _: Mapping[str, str]) -> Sentence:
    to = data.get("to") or {}
    name = to.get("name") or "nobody"
    in_queue = "queue" in to
    how = [str(data["reason"])] if data.get("reason") else []
    if data.get("turn"):
        how.append(f"turn {data['turn']}")
    why = f" ({', '.join(how)})" if how else ""
    before = (data.get("from") or {}).get("name")
    away = data.get("stands_in_for")
    details: list[Text] = (
        [f"It goes back to {away} with the next touch, unless somebody has answered by then."] if away else []
    )
    if entry.verb == "routing.assigned":
        words = "Went to the queue <b>{}</b>{}" if in_queue else "Assigned to <b>{}</b>{}"
        return "inbox" if in_queue else "person_check", "good", format_html(words, name, why), details
    if before == name:
        return "person_check", "good", format_html("Stays with <b>{}</b>{}", name, why), details
    words = "Moved from {} to the queue <b>{}</b>{}" if in_queue else "Moved from {} to <b>{}</b>{}"
    return "sync_alt", "info", format_html(words, before or "nobody", name, why), details


def _clock_started(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    due = _instant(data.get("due_at"))
    says = format_html("Answer due {}", moment(due, "moment"))
    return "timer", "plain", says, [f"{data.get('within')} by “{data.get('policy')}”"]


def _notified(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    behind: list[Text] = (
        ["The CRM did not show the owner yet."] if data.get("record_behind", data.get("crm_behind")) else []
    )
    label = str(data.get("label") or "").lower()
    says = format_html(
        "Told <b>{}</b> by {}{}", data.get("to"), data.get("by"), f": {label}" if label else ""
    )
    return "outgoing_mail", "plain", says, behind


def _escalated(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    says = format_html("At {} of “{}”: <b>{}</b>", data.get("at"), data.get("policy"), data.get("text"))
    return "campaign", "warn", says, []


def _breached(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    return "timer_off", "bad", format_html("Overdue: nobody had answered (“{}”)", data.get("policy")), []


def _contacted(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    proof = {"verified": "seen in the CRM", "claimed": "as they say"}.get(str(data.get("evidence")), "")
    time = "" if data.get("in_time") is None else "in time" if data["in_time"] else "late"
    more = ", ".join(filter(None, (proof, time)))
    says = format_html("Contacted by <b>{}</b>{}", data.get("by"), f" ({more})" if more else "")
    at = _instant(data.get("at"))
    details: list[Text] = [format_html("It happened {}", moment(at, "moment"))] if at else []
    return "call", "good" if data.get("in_time") is not False else "warn", says, details


def _status_changed(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    before, after = (_STATUSES.get(str(data.get(key)), str(data.get(key))) for key in ("from", "to"))
    reason: list[Text] = [str(data["reason"])] if data.get("reason") else []
    tone: Tone = "warn" if data.get("to") in ("disqualified", "spam", "closed_lost") else "plain"
    return "flag", tone, format_html("{} → <b>{}</b>", before, after), reason


def _test_changed(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    return "science", "plain", "Marked as a test lead" if data.get("to") else "No test lead any more", []


def _edited(data: dict[str, Any], _: TimelineEntry, __: Mapping[str, str]) -> Sentence:
    fields = data.get("fields") or []
    details: list[Text] = [
        format_html(
            "{}: {} → <b>{}</b>",
            one.get("label") or one.get("field"),
            _said(one.get("from")),
            _said(one.get("to")),
        )
        for one in fields
    ]
    if data.get("reason"):
        details.append(str(data["reason"]))
    names = ", ".join(str(one.get("label") or one.get("field")) for one in fields[:3])
    return "edit", "plain", f"Changed: {names}" + (" and more" if len(fields) > 3 else ""), details


def _unknown(entry: TimelineEntry) -> Sentence:
    words = entry.verb.rpartition(".")[2].replace("_", " ").strip()
    details: list[Text] = [
        f"{label_of(str(name))}: {_said(value)}" for name, value in entry.data.items() if name != "submission"
    ]
    return "circle", "plain", words[:1].upper() + words[1:], details


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_said(inner) for inner in value)
    return str(value)


def _instant(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


_TELLERS: Mapping[str, Teller] = {
    "intake.submitted": _submitted,
    "intake.returned": _submitted,
    "intake.status_changed": _status_changed,
    "intake.test_changed": _test_changed,
    "intake.edited": _edited,
    "routing.scored": _scored,
    "routing.learned": _learned,
    "routing.assigned": _assigned,
    "routing.reassigned": _assigned,
    "routing.clock_started": _clock_started,
    "routing.notified": _notified,
    "routing.escalated": _escalated,
    "routing.breached": _breached,
    "routing.contacted": _contacted,
    **crm_sentences.TELLERS,
}
