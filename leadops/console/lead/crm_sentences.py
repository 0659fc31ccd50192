"""What becomes of a lead in a CRM, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html

from intake.models import TimelineEntry
from leadops.console.lead.sentences import Sentence, Teller, Text


def _in_crm(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = connections.get(str(data.get("connection")), str(data.get("connection")))
    owner: list[Text] = (
        [f"Owner there: {data['owner']}"] if data.get("owner") else ["Without an owner there."]
    )
    words = (
        "Found in {}: <b>#{}</b> is theirs from now on"
        if entry.verb.endswith("adopted")
        else "Written to {}: <b>#{}</b>"
    )
    return "cloud_done", "good", format_html(words, crm, data.get("record")), owner


def _owner_shown(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = connections.get(entry.source, entry.source)
    return (
        "person_check",
        "good",
        format_html("{} shows the owner now", crm),
        [f"Owner there: {data.get('owner')}"],
    )


def _changed_back(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = connections.get(entry.source, entry.source)
    says = format_html(
        "An automation in {} changed <b>{}</b>; it was changed back", crm, data.get("property")
    )
    return "undo", "warn", says, [str(data["source"])] if data.get("source") else []


def _stopped_writing(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = connections.get(entry.source, entry.source)
    says = format_html(
        "An automation in {} keeps changing <b>{}</b>: no longer written", crm, data.get("property")
    )
    return "block", "bad", says, [str(data["source"])] if data.get("source") else []


def _crm_of(data: dict[str, Any], connections: Mapping[str, str]) -> str:
    key = str(data.get("connection"))
    return connections.get(key, key)


def _record_gone(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = _crm_of(data, connections)
    says = {
        "deleted": "The record in {} was deleted there",
        "erased": "The person was erased for privacy in {}",
        "merged": "The record in {} was merged into another lead's",
    }.get(str(data.get("how")), "The record in {} is gone")
    return "link_off", "bad", format_html(says, crm), []


def _record_found(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    came_back = entry.verb == "crm_sync.record_back"
    says = "Belongs into {} again, as before" if came_back else "The record in {} was restored there"
    return "link", "good", format_html(says, _crm_of(data, connections)), []


def _record_merged(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = _crm_of(data, connections)
    says = format_html(
        "Merged in {} into the record <b>{}</b>, which is this lead's now", crm, data.get("record")
    )
    return "merge", "plain", says, []


def _duplicate_decided(
    data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]
) -> Sentence:
    crm = _crm_of(data, connections)
    if data.get("record"):
        return "link", "plain", format_html("Is <b>#{}</b> in {}, a person said", data["record"], crm), []
    says = format_html("Not the same as anybody in {}, a person said: it gets a record of its own", crm)
    return "person_add", "plain", says, []


def _record_left(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    to = str(data.get("to"))
    says = format_html(
        "Belongs into {} now: the record in {} was left as it stands",
        connections.get(to, to),
        _crm_of(data, connections),
    )
    task = data.get("task")
    return "move_up", "plain", says, [f"Its task could not be closed: {task}"] if task else []


def _record_wanted(data: dict[str, Any], entry: TimelineEntry, connections: Mapping[str, str]) -> Sentence:
    crm = _crm_of(data, connections)
    return "add_link", "plain", format_html("A new record in {} was asked for", crm), []


TELLERS: Mapping[str, Teller] = {
    "crm_sync.created": _in_crm,
    "crm_sync.adopted": _in_crm,
    "crm_sync.owner_shown": _owner_shown,
    "crm_sync.changed_back": _changed_back,
    "crm_sync.stopped_writing": _stopped_writing,
    "crm_sync.record_gone": _record_gone,
    "crm_sync.record_found": _record_found,
    "crm_sync.record_merged": _record_merged,
    "crm_sync.duplicate_decided": _duplicate_decided,
    "crm_sync.record_wanted": _record_wanted,
    "crm_sync.record_left": _record_left,
    "crm_sync.record_back": _record_found,
}
