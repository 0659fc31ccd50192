"""Whether leadops kept to what people did in the CRM: expected from their own notes, never from what leadops says of itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.drills import people
from tests.drills.findings import Findings
from tests.drills.people import Deed
from tests.drills.reading import Story

Leads = Mapping[str, Mapping[str, Any]]
HOW: Mapping[str, Sequence[tuple[str, ...]]] = {
    people.DELETED: [("deleted",)],
    people.ERASED: [("erased",), ("deleted", "erased")],
    people.MERGED_AWAY: [("merged",)],
}
"""What a story says once. That somebody was erased for privacy only the CRM's event tells: whoever looks before it comes finds
that nothing stands there."""


def check(
    found: Findings,
    deeds: Sequence[Deed],
    *,
    leads: Leads,
    contacts: Sequence[Mapping[str, Any]],
    owners: Mapping[str, str],
    stories: Mapping[str, Story],
) -> None:
    """`owners`: addresses of the CRM's owners by id; `stories`: of each of these leads, by its id."""
    by_email = {lead["email"]: lead for lead in leads.values()}
    records = {contact["email"]: contact for contact in contacts}
    keys = Counter(contact["leadops_lead_id"] for contact in contacts)
    gone = [
        (deed, by_email[deed.email]) for deed in deeds if deed.story in people.GONE and deed.email in by_email
    ]
    found.counts["things that people did in the CRM"] = len(deeds)
    found.say("things that people could not do", [deed for deed in deeds if not deed.done])
    found.say(
        "made again though people took them away",
        [lead["email"] for _, lead in gone if lead["email"] in records or keys[lead["id"]]],
    )
    found.say(
        "taken away there and shown as if they stood there",
        [
            (lead["email"], deed.story, _gone(stories[lead["id"]]))
            for deed, lead in gone
            if not lead["crm"]
            or any(one["in_sync"] for one in lead["crm"])
            or _gone(stories[lead["id"]]) not in HOW[deed.story]
        ],
    )
    moved = [deed for deed in deeds if deed.story in people.MOVED and deed.email in by_email]
    found.say(
        "owner is not whom people gave the lead to",
        [
            (deed.email, there, here, deed.owners)
            for deed in moved
            for there in [owners.get(records.get(deed.email, {}).get("hubspot_owner_id") or "")]
            for here in [owner_of(by_email[deed.email])]
            if {there, here} != {deed.owners[-1]}
        ],
    )
    found.say(
        "changes of owner by people that the history does not tell once",
        [
            (deed.email, deed.by, deed.owners, told)
            for deed in moved
            if not _is_told_once(deed, told := _changes(stories[by_email[deed.email]["id"]]))
        ],
    )


def owner_of(lead: Mapping[str, Any]) -> str | None:
    owner = (lead["assignment"] or {}).get("owner")
    return owner["email"] if owner else None


def _is_told_once(deed: Deed, told: Sequence[tuple[str, str, str]]) -> bool:
    """After the first owner a row for each whom the person chose. Of two changes in a moment the last one may be all that is
    seen; then nothing is, where it went back to whoever had the lead."""
    first, given = told[0][0], [(owner, "crm", deed.by) for owner in deed.owners]
    seen = list(told[1:])
    if seen == given:
        return True
    last_only = given[-1:] if deed.owners[-1] != first else []
    return len(given) > 1 and seen == last_only


def _changes(story: Story) -> list[tuple[str, str, str]]:
    return [(owner_of({"assignment": row}) or "a queue", row["source"], row["actor"]) for row in story[1]]


def _gone(story: Story) -> tuple[str, ...]:
    """How the lead's story says that its record went."""
    return tuple(
        entry["data"].get("how", "") for entry in story[0] if entry["verb"] == "crm_sync.record_gone"
    )
