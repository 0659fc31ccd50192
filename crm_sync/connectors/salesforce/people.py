"""Leads and contacts read for writing: by id, by our key, by e-mail address.

Who merged or converted a lead told nobody else: what it has become stands in its own row, also when that is in the bin.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from crm_sync.connectors.base import Present
from crm_sync.connectors.salesforce import records
from crm_sync.connectors.salesforce.client import OrgClient
from crm_sync.connectors.salesforce.formats import listed, long_id, moment, text_of
from crm_sync.connectors.salesforce.records import CONTACT, EMAIL, KEY, LEAD, LEADS_ALONE, OWNER, PersonObject
from crm_sync.connectors.salesforce.soql import Asking, Question, Row, some, text
from crm_sync.connectors.writes import Author

# A moment is the beginning of its second.
_A_SECOND = timedelta(seconds=1)
# A record that became another, which became another: longer chains are nobody's.
_MOST_STEPS = 5
_ALWAYS = (EMAIL, KEY, OWNER, "LastModifiedById", "LastModifiedBy.UserType", "LastModifiedDate")
_BECAME: Mapping[PersonObject, tuple[str, ...]] = {
    LEAD: ("IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId"),
    CONTACT: ("IsDeleted", "MasterRecordId"),
}


class People:
    def __init__(self, client: OrgClient) -> None:
        self.client = client
        self.asking = Asking(client)

    def read(
        self, ids: Collection[str], *, by: str, names: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        """As `Connector.read`."""
        match by:
            case "id":
                return self._by_id(ids, names=names, history=history)
            case "lead":
                return self._by_field(KEY, ids, names=names, history=history)
        return self._by_field(EMAIL, ids, names=names, history=history)

    def _by_id(
        self, ids: Collection[str], *, names: Collection[str], history: Collection[str]
    ) -> dict[str, Present]:
        found: dict[str, Present] = {}
        # What a record that was asked for has become, as far as it was followed.
        now_at = {each: long_id(each) for each in ids}
        for _ in range(_MOST_STEPS):
            rows = self._rows({now_at[each] for each in now_at if each not in found}, names=names)
            moved = False
            for asked, at in now_at.items():
                row = rows.get(at)
                if row is None:
                    continue
                if became := _became(row):
                    now_at[asked], moved = became, True
                elif not row.get("IsDeleted"):
                    found[asked] = self._present(row, names=names, history=history)
            if not moved:
                break
        return found

    def _rows(self, ids: Collection[str], *, names: Collection[str]) -> dict[str, Row]:
        questions = [
            Question(
                of,
                {"Id", *names, *_ALWAYS, *_BECAME[of]},
                f"WHERE Id IN {listed(chunk)}",
                deleted=True,
                # Somebody may be a contact, and our user may see none.
                optional=of == CONTACT,
            )
            for of, theirs in records.by_object(ids).items()
            for chunk in some(theirs)
        ]
        answers = self.asking.together(questions) if questions else []
        return {long_id(text(row, "Id")): row for rows in answers for row in rows}

    def _by_field(
        self, name: str, values: Collection[str], *, names: Collection[str], history: Collection[str]
    ) -> dict[str, Present]:
        """Of several, a contact before a lead, and who was changed last."""
        asked = {each.lower() for each in values if each}
        questions = [
            Question(of, {"Id", *names, *_ALWAYS}, _where(of, name, chunk), by=name, optional=of == CONTACT)
            for chunk in some(asked)
            for of in (LEAD, CONTACT)
        ]
        found: dict[str, Present] = {}
        for rows in self.asking.together(questions) if questions else ():
            for row in rows:
                found[text(row, name).lower()] = self._present(row, names=names, history=history)
        return {each: found[each.lower()] for each in values if each.lower() in found}

    def lacking(self, of: PersonObject) -> frozenset[str]:
        """What such a record has not, or does not show us, as far as that is known."""
        absent = self.asking.absent.get(of, set())
        return frozenset(absent | LEADS_ALONE) if of == CONTACT else frozenset(absent)

    def _present(self, row: Row, *, names: Collection[str], history: Collection[str]) -> Present:
        values = {name: _value(row, name) for name in {*names, EMAIL, OWNER}}
        if values[OWNER] == self.client.login.us:
            # Our own user stands for nobody.
            values[OWNER] = ""
        of = records.object_of(text(row, "Id"))
        author = Author(text(row, "LastModifiedBy.UserType"), text(row, "LastModifiedById"))
        modified = moment(row.get("LastModifiedDate"))
        # Who changed the record last, and not which field: if it was not we, it was after our last write.
        news = modified + _A_SECOND if modified is not None else None
        if author.source_id == self.client.login.us:
            author, news = Author(PROGRAM, author.source_id), None
        return Present(
            remote_id=long_id(text(row, "Id")),
            properties={name: value for name, value in values.items() if value},
            lead_id=text(row, KEY),
            modified_at=modified,
            kind=of or "",
            lacks=self.lacking(of).intersection(names) if of else frozenset(),
            authors=dict.fromkeys(history, author),
            changed_at=dict.fromkeys(history, news) if news is not None else {},
        )


# The type of a user who is a person, and how we call what was done as our own user: by us, or by what the org does after us.
PERSON, PROGRAM = "Standard", "leadops or what runs after it"


def _where(of: PersonObject, name: str, values: Collection[str]) -> str:
    still = " AND IsConverted = false" if of == LEAD else ""
    return f"WHERE {name} IN {listed(values)}{still} ORDER BY LastModifiedDate"


def _became(row: Row) -> str:
    """The id of the record that this one is now, "" where it is itself."""
    if row.get("IsDeleted"):
        return long_id(text(row, "MasterRecordId"))
    return long_id(text(row, "ConvertedContactId")) if row.get("IsConverted") else ""


def _value(row: Row, name: str) -> str:
    value: Any = row.get(name)
    return "" if value is None else text_of(value)
