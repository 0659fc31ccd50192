"""Leads and contacts written: up to 200 in a call, in their order, each with its own answer.

New ones are upserted by our key, an external id that is unique. What was written before is updated by its id and never upserted:
after a merge or a deletion our key is on nothing that lives, and an upsert would make a new lead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crm_sync.connectors.base import Outgoing, Present, Report, Written
from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.salesforce.client import OrgClient
from crm_sync.connectors.salesforce.errors import ItemError
from crm_sync.connectors.salesforce.formats import long_id
from crm_sync.connectors.salesforce.people import People
from crm_sync.connectors.salesforce.records import CONTACT, EMAIL, KEY, LEAD, OWNER, STATUS, object_of
from plumbing.http import Answer, Permanent, RemoteError

MOST_RECORDS = 200
# What a lead has and a contact has not: the first is its account's, how far somebody got is the lead's.
_LEADS_ALONE = frozenset({"Company", STATUS})

Send = Callable[[Sequence[Outgoing], Report], None]


class Writing:
    """`properties` are read along with a record that turns out to exist."""

    def __init__(self, client: OrgClient, people: People, *, properties: Sequence[str]) -> None:
        self.client, self.people, self.properties = client, people, properties

    def write(self, records: Sequence[Outgoing]) -> Report:
        report = Report()
        self._run([each for each in records if not each.exists and not each.anyway], self._upsert, report)
        self._run([each for each in records if not each.exists and each.anyway], self._upsert, report)
        self._run([each for each in records if each.exists], self._update, report)
        return report

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        report = Report()
        self._run(records, self._update, report)
        return report

    def _run(self, records: Sequence[Outgoing], send: Send, report: Report) -> None:
        try:
            # In one order always, so that two batches never wait for each other's rows.
            for some in _chunks(sorted(records, key=lambda each: each.key)):
                if report.stopped is None:
                    self._send(some, send, report)
        except RemoteError as error:
            report.stopped = error

    def _send(self, records: Sequence[Outgoing], send: Send, report: Report) -> None:
        """A call that is refused as a whole is cut in halves, until what is refused stands alone. Raises RemoteError."""
        try:
            send(records, report)
        except Permanent as error:
            said = errors.of_call(error)
            if self._leave_out(records, said, report):
                self._send(records, send, report)
            elif len(records) == 1:
                report.refused[records[0].key] = said.refusal
            else:
                middle = len(records) // 2
                self._send(records[:middle], send, report)
                self._send(records[middle:], send, report)

    def _upsert(self, records: Sequence[Outgoing], report: Report) -> None:
        bodies = [self._body(each, report) | {KEY: each.key} for each in records]
        answer = self.client.write(
            "PATCH", f"/composite/sobjects/{LEAD}/{KEY}", _collection(bodies), anyway=records[0].anyway
        )
        raced = list[Outgoing]()
        for each, item in zip(records, _items(answer, len(records)), strict=True):
            if _save(each, item, report):
                continue
            error = errors.item_error(item)
            if error.code == errors.LOST_RACE and each.key not in report.again:
                # Somebody made it in the same moment: now it is there.
                raced.append(each)
                report.again[each.key] = error.message
            else:
                self._refused(each, error, send=self._upsert, report=report)
        if raced:
            self._upsert(raced, report)

    def _update(self, records: Sequence[Outgoing], report: Report) -> None:
        bodies = []
        for each in records:
            body = self._body(each, report) | {"id": each.remote_id}
            if KEY not in self.people.asking.absent.get(object_of(each.remote_id) or LEAD, ()):
                body[KEY] = each.key
            bodies.append(body)
        answer = self.client.write("PATCH", "/composite/sobjects", _collection(bodies))
        for each, item in zip(records, _items(answer, len(records)), strict=True):
            if not _save(each, item, report):
                self._refused(each, errors.item_error(item), send=self._update, report=report)

    def _refused(self, record: Outgoing, error: ItemError, *, send: Send, report: Report) -> None:
        if error.is_passing:
            report.again[record.key] = error.message
            return
        report.again.pop(record.key, None)
        if error.is_gone and record.exists:
            report.gone.add(record.key)
        elif error.is_gone and record.remote_id and error.code != "INVALID_CROSS_REFERENCE_KEY":
            # Gone since we read it: the next try finds out what is there now.
            report.again[record.key] = error.message
        elif error.code == errors.DUPLICATES and (there := self._there_already(record)):
            report.taken[record.key] = there
        elif self._leave_out([record], error, report):
            self._send([record], send, report)
        else:
            report.refused[record.key] = error.refusal

    def _leave_out(self, records: Sequence[Outgoing], error: ItemError, report: Report) -> bool:
        """A field that is not there costs its own value only; False where leaving out would change nothing."""
        name = errors.unknown_field(error)
        if name == KEY:
            # A contact need not have our key: what it is linked to stands here.
            of = {object_of(each.remote_id) or LEAD for each in records}
            known = self.people.asking.absent.setdefault(CONTACT, set())
            if of == {CONTACT} and KEY not in known:
                known.add(KEY)
                return True
            return False
        keys = {each.key for each in records if name in self._fields(each, report)}
        if keys:
            report.unknown.setdefault(name, set()).update(keys)
        return bool(keys)

    def _there_already(self, record: Outgoing) -> Present | None:
        """Whom a duplicate rule of the org means: who has the address."""
        address = record.properties.get(EMAIL, "")
        found = self.people.read([address], by="email", names=self.properties) if address else {}
        present = found.get(address)
        return None if present is None or present.remote_id == record.remote_id else present

    def _fields(self, record: Outgoing, report: Report) -> Iterator[str]:
        alone = object_of(record.remote_id) == CONTACT
        for name in record.properties:
            if record.key not in report.unknown.get(name, ()) and not (alone and name in _LEADS_ALONE):
                yield name

    def _body(self, record: Outgoing, report: Report) -> dict[str, Any]:
        """Nothing is null. A record must have an owner: our own user stands for nobody."""
        values: dict[str, Any] = {
            name: record.properties[name] or None for name in self._fields(record, report)
        }
        if OWNER in values:
            values[OWNER] = values[OWNER] or self.client.login.us
        return {"attributes": {"type": object_of(record.remote_id) or LEAD}, **values}


def _save(record: Outgoing, item: Mapping[str, Any], report: Report) -> bool:
    """Whether it was written."""
    if not item.get("success"):
        return False
    report.again.pop(record.key, None)
    remote_id = long_id(str(item.get("id") or record.remote_id))
    report.written[record.key] = Written(remote_id, created=bool(item.get("created")))
    return True


def _items(answer: Answer, count: int) -> list[Mapping[str, Any]]:
    """One for each record, in their order; whatever lacks is an error that may pass."""
    body = answer.body if isinstance(answer.body, list) else []
    items = [each if isinstance(each, Mapping) else {} for each in body[:count]]
    lost = {"success": False, "errors": [{"statusCode": "UNKNOWN_EXCEPTION", "message": _SILENCE}]}
    return [*items, *([lost] * (count - len(items)))]


_SILENCE = "Salesforce did not say what became of it."


def _collection(bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"allOrNone": False, "records": list(bodies)}


def _chunks(records: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    for start in range(0, len(records), MOST_RECORDS):
        yield records[start : start + MOST_RECORDS]
