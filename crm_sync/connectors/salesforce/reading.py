"""What the mirror asks: everything page by page, what has changed since a moment, what was deleted.

Leads and contacts are two objects and one list: each page asks both, in one call, from the same place on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.records import (
    DeletedPage,
    RecordPage,
    RemoteContact,
    RemoteDeal,
    RemoteKind,
    RemoteRecord,
)
from crm_sync.connectors.salesforce import touches
from crm_sync.connectors.salesforce.client import OrgClient
from crm_sync.connectors.salesforce.formats import at, listed, long_id, moment, quoted
from crm_sync.connectors.salesforce.mirrored import CONTACTS, LEADS, SHAPES, Merged, ObjectShape
from crm_sync.connectors.salesforce.records import CONTACT, EMAIL, LEAD, MODIFIED, by_object
from crm_sync.connectors.salesforce.soql import Asking, Question, Row, some, text

_MOST = 1000
_NEVER = datetime.min.replace(tzinfo=UTC)


class MirrorReading:
    def __init__(self, client: OrgClient, asking: Asking) -> None:
        self.client, self.asking = client, asking

    def find_contacts(self, emails: Collection[str]) -> dict[str, RemoteContact]:
        """A contact before a lead, and who was changed last. One call for two hundred addresses."""
        asked = {each.strip().lower(): each for each in emails}
        found: dict[str, RemoteContact] = {}
        for chunk in some([each for each in asked if each]):
            questions = [
                Question(
                    shape.object,
                    shape.fields,
                    f"{_where(shape, f'{EMAIL} IN {listed(chunk)}')} ORDER BY {MODIFIED}",
                    optional=shape.optional,
                )
                for shape in (LEADS, CONTACTS)
            ]
            for shape, rows in zip((LEADS, CONTACTS), self.asking.together(questions), strict=True):
                for row in rows:
                    found[text(row, EMAIL).strip().lower()] = self._person(shape, row)
        return {each: found[address] for address, each in asked.items() if address in found}

    def _person(self, shape: ObjectShape, row: Row) -> RemoteContact:
        made = shape.read(row, {}, self.client.login.us)
        assert isinstance(made, RemoteContact)
        return made

    def listing(self, kind: RemoteKind, *, after: str, limit: int) -> RecordPage:
        """By id, one object after the other; `after` is the last id."""
        shapes, count = SHAPES[kind], min(limit, _MOST)
        first = next((place for place, each in enumerate(shapes) if after.startswith(f"{each.object}:")), 0)
        last = after.partition(":")[2]
        asked = [
            Question(
                shape.object,
                shape.fields,
                f"{_where(shape, f'Id > {quoted(last)}' if last and place == 0 else '')} ORDER BY Id LIMIT {count + 1}",
                optional=shape.optional,
            )
            for place, shape in enumerate(shapes[first:])
        ]
        answers = self.asking.together(asked)
        rows = [
            (shape, row)
            for shape, some_rows in zip(shapes[first:], answers, strict=True)
            for row in some_rows
        ]
        page = rows[:count]
        return RecordPage(
            self._records(kind, page),
            after=f"{page[-1][0].object}:{text(page[-1][1], 'Id')}" if len(rows) > count else "",
        )

    def changed(self, kind: RemoteKind, *, since: datetime, after: str, limit: int) -> RecordPage:
        shapes, count = SHAPES[kind], min(limit, _MOST)
        cursor = _Place.of(after, since=since)
        asked = [
            Question(
                shape.object,
                shape.fields,
                f"{_where(shape, cursor.where)} ORDER BY {MODIFIED}, Id LIMIT {count + 1}",
                optional=shape.optional,
            )
            for shape in shapes
        ]
        first = kind == "contacts" and not after
        # What is logged with somebody does not change their own row, nor need what they were converted into.
        others = [*touches.questions(since), _converted(since)] if first else []
        answers = self.asking.together([*asked, *others])
        rows = [(shape, row) for shape, found in zip(shapes, answers, strict=False) for row in found]
        rows.sort(key=lambda each: (text(each[1], MODIFIED), text(each[1], "Id")))
        page = rows[:count]
        following = ""
        if len(rows) > count:
            last = page[-1][1]
            following = str(_Place(moment(last.get(MODIFIED)) or cursor.since, beyond=text(last, "Id")))
        records = self._records(kind, page)
        if first:
            *logged, converted = answers[len(asked) :]
            records = self._touched(records, touches.newest(logged), _contacts_of(converted))
        return RecordPage(records, after=following)

    def _touched(
        self, records: Sequence[RemoteRecord], at: Mapping[str, datetime], became: Mapping[str, Sequence[str]]
    ) -> list[RemoteRecord]:
        """With those with whom something was logged, each as if changed then, and those whom leads were converted into; in the
        order of change. `became`: ids of such leads by that of their contact."""
        known = {one.remote_id: one for one in records}
        others = by_object(each for each in {*at, *became} if each not in known)
        for name, shape in ((LEAD, LEADS), (CONTACT, CONTACTS)):
            for chunk in some(others.get(name, [])):
                question = Question(
                    shape.object,
                    shape.fields,
                    _where(shape, f"Id IN {listed(chunk)}"),
                    optional=shape.optional,
                )
                made = (self._person(shape, row) for row in self.asking.all(question))
                known |= {one.remote_id: one for one in made}
        told = [
            _with_touch(_with_leads(one, became.get(one.remote_id, ())), at.get(one.remote_id))
            for one in known.values()
        ]
        return sorted(told, key=lambda one: (one.modified_at or _NEVER, one.remote_id))

    def deleted(self, kind: RemoteKind, *, since: datetime | None, after: str, limit: int) -> DeletedPage:
        """What is in the bin, some fifteen days: a record is stamped when it goes there. What was merged is not deleted: it
        stands in another."""
        count = min(limit, _MOST)
        shapes = SHAPES[kind]
        beyond = f" AND Id > {quoted(after)}" if after else ""
        merges = " AND MasterRecordId = null" if kind != "deals" else ""
        newer = f" AND {MODIFIED} >= {at(since)}" if since else ""
        asked = [
            Question(
                shape.object,
                ("Id",),
                f"WHERE IsDeleted = true{merges}{newer}{beyond} ORDER BY Id LIMIT {count + 1}",
                deleted=True,
                optional=shape.optional,
            )
            for shape in shapes
        ]
        ids = sorted(long_id(text(row, "Id")) for rows in self.asking.together(asked) for row in rows)
        return DeletedPage(ids[:count], after=ids[count - 1] if len(ids) > count else "")

    def _records(self, kind: RemoteKind, rows: Sequence[tuple[ObjectShape, Row]]) -> list[RemoteRecord]:
        merged = self._merged(rows) if kind != "deals" else {}
        made = [shape.read(row, merged, self.client.login.us) for shape, row in rows]
        return self._with_contacts(made) if kind == "deals" else made

    def _merged(self, rows: Sequence[tuple[ObjectShape, Row]]) -> Merged:
        """A winner does not name what was merged into it: those in the bin name their winner. One call a page."""
        questions = [
            Question(
                name,
                ("Id", "MasterRecordId"),
                f"WHERE IsDeleted = true AND MasterRecordId IN {listed(chunk)}",
                deleted=True,
            )
            for name in dict.fromkeys(shape.object for shape, _ in rows)
            for chunk in some([text(row, "Id") for shape, row in rows if shape.object == name])
        ]
        found: dict[str, list[str]] = {}
        for answer in self.asking.together(questions) if questions else ():
            for row in answer:
                found.setdefault(long_id(text(row, "MasterRecordId")), []).append(long_id(text(row, "Id")))
        return found

    def _with_contacts(self, deals: Sequence[Any]) -> list[RemoteRecord]:
        """Whose an opportunity is stands in the roles of its contacts, the primary one first. One call a page."""
        questions = [
            Question(
                "OpportunityContactRole",
                ("OpportunityId", "ContactId", "IsPrimary"),
                f"WHERE OpportunityId IN {listed(chunk)} ORDER BY Id",
                optional=True,
            )
            for chunk in some([each.remote_id for each in deals])
        ]
        roles: dict[str, list[tuple[bool, str]]] = {}
        for rows in self.asking.together(questions) if questions else ():
            for row in rows:
                role = (not row.get("IsPrimary"), long_id(text(row, "ContactId")))
                roles.setdefault(long_id(text(row, "OpportunityId")), []).append(role)
        return [
            replace(each, contact_ids=[number for _, number in sorted(roles.get(each.remote_id, ()))])
            for each in deals
            if isinstance(each, RemoteDeal)
        ]


def _converted(since: datetime) -> Question:
    return Question(
        LEAD,
        ("Id", "ConvertedContactId"),
        f"WHERE IsConverted = true AND {MODIFIED} >= {at(since)} ORDER BY {MODIFIED}",
    )


def _contacts_of(leads: Sequence[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in leads:
        found.setdefault(long_id(text(row, "ConvertedContactId")), []).append(long_id(text(row, "Id")))
    found.pop("", None)
    return found


def _with_leads(one: RemoteRecord, leads: Sequence[str]) -> RemoteRecord:
    if not leads or not isinstance(one, RemoteContact):
        return one
    return replace(one, merged_ids=[*one.merged_ids, *leads])


def _with_touch(one: RemoteRecord, at: datetime | None) -> RemoteRecord:
    if at is None or not isinstance(one, RemoteContact):
        return one
    return replace(one, last_contacted_at=at, modified_at=max(at, one.modified_at or at))


@dataclass(frozen=True, slots=True)
class _Place:
    """What was changed at `since` or later; `beyond`: of that very second only what has a higher id."""

    since: datetime
    beyond: str = ""

    @classmethod
    def of(cls, told: str, *, since: datetime) -> "_Place":
        if not told:
            return cls(since)
        seconds, _, beyond = told.partition(":")
        return cls(datetime.fromtimestamp(int(seconds), tz=UTC), beyond)

    @property
    def where(self) -> str:
        moment_ = at(self.since)
        if not self.beyond:
            return f"{MODIFIED} >= {moment_}"
        return f"({MODIFIED} > {moment_} OR ({MODIFIED} = {moment_} AND Id > {quoted(self.beyond)}))"

    def __str__(self) -> str:
        return f"{int(self.since.timestamp())}:{self.beyond}"


def _where(shape: ObjectShape, *conditions: str) -> str:
    said = [each for each in (shape.live, *conditions) if each]
    return f"WHERE {' AND '.join(said)}" if said else ""
