"""Whether leadops kept to what people did in the CRMs: expected from their own notes, never from what leadops says of itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.drills import deeds
from tests.drills.crm import Crm, Record
from tests.drills.deeds import Deed
from tests.drills.findings import Findings
from tests.drills.reading import Story

Leads = Mapping[str, Mapping[str, Any]]
HOW: Mapping[str, Sequence[tuple[str, ...]]] = {
    deeds.DELETED: [("deleted",)],
    deeds.ERASED: [("erased",), ("deleted", "erased")],
    deeds.MERGED_AWAY: [("merged",)],
}
"""What a story says once. That somebody was erased for privacy only the CRM's event tells: whoever looks before it comes finds
that nothing stands there."""


def check(found: Findings, done: Sequence[Deed], *, leads: Leads, stories: Mapping[str, Story]) -> None:
    """`stories`: of each of these leads, by its id."""
    by_email = {lead["email"]: lead for lead in leads.values()}
    found.counts["things that people did in CRMs"] = len(done)
    found.say("things that people could not do", [deed for deed in done if not deed.done])
    found.say(
        "owner is not whom people gave the lead to",
        [
            (deed.email, owner_of(by_email[deed.email]), deed.owners)
            for deed in moved_in(done, by_email)
            if owner_of(by_email[deed.email]) != deed.owners[-1]
        ],
    )
    found.say(
        "changes of owner by people that the history does not tell once",
        [
            (deed.email, deed.by, deed.owners, told)
            for deed in moved_in(done, by_email)
            if not _is_told_once(deed, told := _changes(stories[by_email[deed.email]["id"]]))
        ],
    )


def check_in(
    found: Findings,
    crm: Crm,
    done: Sequence[Deed],
    *,
    leads: Leads,
    records: Sequence[Record],
    stories: Mapping[str, Story],
) -> None:
    """In one CRM: what people took away there stays away, and whom they gave leads to, anywhere, owns them there."""
    by_email = {lead["email"]: lead for lead in leads.values()}
    there, keys = {one.email: one for one in records}, Counter(one.lead for one in records)
    gone = [
        (deed, by_email[deed.email])
        for deed in done
        if deed.crm == crm.key and deed.story in deeds.GONE and deed.email in by_email
    ]
    found.say(
        f"{crm.label}: made again though people took them away",
        [lead["email"] for _, lead in gone if lead["email"] in there or keys[lead["id"]]],
    )
    found.say(
        f"{crm.label}: taken away there and shown as if they stood there",
        [
            (lead["email"], deed.story, _gone(stories[lead["id"]]))
            for deed, lead in gone
            if not _copies(lead, crm)
            or any(one["in_sync"] for one in _copies(lead, crm))
            or _gone(stories[lead["id"]]) not in HOW[deed.story]
        ],
    )
    found.say(
        f"{crm.label}: owner there is not whom people gave the lead to",
        [
            (deed.email, there[deed.email].owner if deed.email in there else None, deed.owners)
            for deed in moved_in(done, by_email)
            if deed.email not in there or there[deed.email].owner != deed.owners[-1]
        ],
    )


def moved_in(done: Sequence[Deed], by_email: Mapping[str, Any]) -> list[Deed]:
    """What gave a lead to somebody else."""
    return [deed for deed in done if deed.story in deeds.MOVED and deed.owners and deed.email in by_email]


def owner_of(lead: Mapping[str, Any]) -> str | None:
    owner = (lead["assignment"] or {}).get("owner")
    return owner["email"] if owner else None


def _copies(lead: Mapping[str, Any], crm: Crm) -> list[Any]:
    return [one for one in lead["crm"] if one["connection"] == crm.key]


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
