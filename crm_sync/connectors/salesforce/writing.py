"""Leads and contacts written: up to 200 in a call, in their order, each with its own answer.

New ones are upserted by our key, an external id that is unique. What was written before is updated by its id and never upserted:
after a merge or a deletion our key is on nothing that lives, and an upsert would make a new lead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crm_sync.connectors.base import AlikeRecords, Outgoing, Report, Written
from crm_sync.connectors.salesforce import duplicates, errors
from crm_sync.connectors.salesforce.client import OrgClient, WritePart
from crm_sync.connectors.salesforce.errors import ItemError
from crm_sync.connectors.salesforce.formats import long_id
from crm_sync.connectors.salesforce.people import People
from crm_sync.connectors.salesforce.records import CONTACT, KEY, LEAD, OWNER, object_of
from plumbing.http import Answer, Permanent, RemoteError

MOST_RECORDS = 200

Send = Callable[[Sequence[Outgoing], Report], None]


class Writing:
    """`properties` are read along with a record that turns out to exist."""

    def __init__(self, client: OrgClient, people: People, *, properties: Sequence[str]) -> None:
        self.client, self.people, self.properties = client, people, properties

    def write(self, records: Sequence[Outgoing]) -> Report:
        report = Report()
        self._run([each for each in records if not each.exists and not each.anyway], self._upsert, report)
        self._run([each for each in records if not each.exists and each.anyway], self._upsert, report)
        self._update_all([each for each in records if each.exists], report)
        return report

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        report = Report()
        self._update_all(records, report)
        return report

    def _update_all(self, records: Sequence[Outgoing], report: Report) -> None:
        for anyway in (False, True):
            self._run([each for each in records if each.anyway == anyway], self._update, report)

    def _run(self, records: Sequence[Outgoing], send: Send, report: Report) -> None:
        try:
            # In one order always, so that two batches never wait for each other's rows.
            for some in _chunks(sorted(records, key=lambda each: each.key)):
                if report.stopped is None:
                    self._send(some, send, report)
                    self._name_alike([each for each in some if each.key in report.alike], report)
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
        bodies = [self._body(each, report) | {"id": each.remote_id} | self._key_of(each) for each in records]
        answer = self.client.write(
            "PATCH", "/composite/sobjects", _collection(bodies), anyway=records[0].anyway
        )
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
        elif error.code == errors.DUPLICATES:
            report.alike[record.key] = AlikeRecords(error.message)
        elif self._leave_out([record], error, report):
            self._send([record], send, report)
        else:
            report.refused[record.key] = error.refusal

    def _leave_out(self, records: Sequence[Outgoing], error: ItemError, report: Report) -> bool:
        """A field that is not there costs its own value only; False where leaving out would change nothing."""
        name = errors.unknown_field(error)
        of = {object_of(each.remote_id) or LEAD for each in records}
        if name and (of == {CONTACT} or (CONTACT in of and f"type {CONTACT}" in error.message)):
            # A contact need not have our key, nor whatever a lead has.
            known = self.people.asking.absent.setdefault(CONTACT, set())
            is_new = name not in known
            known.add(name)
            return is_new
        if name == KEY:
            return False
        keys = {each.key for each in records if name in self._fields(each, report)}
        if keys:
            report.unknown.setdefault(name, set()).update(keys)
        return bool(keys)

    def _name_alike(self, records: Sequence[Outgoing], report: Report) -> None:
        """Each is written once more, alone: only then the org says whom its rule means."""
        if not records:
            return
        try:
            answers = self.client.write_together([self._part(each, report) for each in records])
        except RemoteError:
            for each in records:
                del report.alike[each.key]
            raise
        refused, bodies = list[Outgoing](), list[Any]()
        for each, (status, body) in zip(records, answers, strict=False):
            error = errors.of_part(status, body)
            if error is not None and error.code == errors.DUPLICATES:
                refused.append(each)
                bodies.append(body)
                continue
            # The rule has gone, or there is something else by now.
            del report.alike[each.key]
            if error is None:
                _save(each, {"success": True, **(body if isinstance(body, Mapping) else {})}, report)
            elif error.is_passing:
                report.again[each.key] = error.message
            else:
                report.refused[each.key] = error.refusal
        said = [
            (object_of(each.remote_id) or LEAD, report.alike[each.key].message, each.properties)
            for each in refused
        ]
        found = duplicates.described(said, bodies, self.people, names=self.properties) if said else []
        for each, alike in zip(refused, found, strict=True):
            report.alike[each.key] = alike

    def _part(self, record: Outgoing, report: Report) -> WritePart:
        body = {name: value for name, value in self._body(record, report).items() if name != "attributes"}
        if object_of(record.remote_id) is None:
            return WritePart("PATCH", f"/sobjects/{LEAD}/{KEY}/{record.key}", body, anyway=record.anyway)
        path = f"/sobjects/{object_of(record.remote_id)}/{record.remote_id}"
        return WritePart("PATCH", path, body | self._key_of(record), anyway=record.anyway)

    def _key_of(self, record: Outgoing) -> dict[str, str]:
        """Our key, where such a record can have it."""
        absent = self.people.asking.absent.get(object_of(record.remote_id) or LEAD, ())
        return {} if KEY in absent else {KEY: record.key}

    def _fields(self, record: Outgoing, report: Report) -> Iterator[str]:
        lacking = self.people.lacking(CONTACT) if object_of(record.remote_id) == CONTACT else frozenset()
        for name in record.properties:
            if record.key not in report.unknown.get(name, ()) and name not in lacking:
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
