"""Contacts, by our unique property `leadops_lead_id`, up to 100 in a call.

A 4xx is about the whole batch, and since version 2026-09 there is nothing else; a 207 of earlier versions tells inputs
apart. So: a property that does not exist is left out and reported; when an e-mail address is taken, all addresses are
looked up in one call; anything else is cut in halves until the one that is refused stands alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_sync.connectors.base import Author, Need, Outgoing, Present, Report, Written
from crm_sync.connectors.hubspot import errors, properties
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.properties import LEAD_ID
from plumbing.http import Answer, Permanent, RemoteError

EMAIL = "email"
_ID_PROPERTIES = {"lead": LEAD_ID, "email": EMAIL}

Send = Callable[[Sequence[Outgoing], Report], None]


class Contacts:
    """`needs`: the properties that are mapped; they are read along with a contact that turns out to exist."""

    def __init__(self, client: Client, *, needs: Sequence[Need]) -> None:
        self.client = client
        self.path = f"{client.paths.contacts}/batch"
        self.needs = needs
        self._made: set[str] = set()

    def read(
        self, ids: Collection[str], *, by: str, names: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        if not ids:
            return {}
        asked: dict[str, Any] = {
            "inputs": [{"id": each} for each in ids],
            "properties": sorted({*names, LEAD_ID, EMAIL}),
        }
        if by in _ID_PROPERTIES:
            asked["idProperty"] = _ID_PROPERTIES[by]
        if history:
            asked["propertiesWithHistory"] = sorted(history)
        try:
            answer = self.client.call("POST", f"{self.path}/read", json=asked)
        except Permanent as error:
            # Our property is not there yet: nothing can have been found by it.
            if by == "lead" and LEAD_ID in errors.refusal_of(error).properties:
                return {}
            raise
        found = [_present(each) for each in _results(answer)]
        return {_key(one, by=by): one for one in found}

    def write(self, records: Sequence[Outgoing]) -> Report:
        return self._run(records, self._upsert)

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        return self._run(records, self._update)

    def _run(self, records: Sequence[Outgoing], send: Send) -> Report:
        report = Report()
        try:
            if records:
                send(records, report)
        except Permanent as error:
            reached = {*report.written, *report.refused, *report.taken, *report.again}
            said = errors.refusal_of(error)
            report.refused |= {record.key: said for record in records if record.key not in reached}
        except RemoteError as error:
            report.stopped = error
        return report

    def _upsert(self, records: Sequence[Outgoing], report: Report) -> None:
        inputs = [
            {
                "id": each.key,
                "idProperty": LEAD_ID,
                "properties": _kept(each, report),
                "objectWriteTraceId": each.key,
            }
            for each in records
        ]
        try:
            answer = self.client.call("POST", f"{self.path}/upsert", json={"inputs": inputs})
        except Permanent as error:
            self._refused(records, error, report=report, send=self._upsert)
        else:
            _save_results(
                records, answer, report=report, key_of=lambda each: _properties(each).get(LEAD_ID, "")
            )

    def _update(self, records: Sequence[Outgoing], report: Report) -> None:
        inputs = [
            {
                "id": each.remote_id,
                "properties": _kept(each, report) | {LEAD_ID: each.key},
                "objectWriteTraceId": each.key,
            }
            for each in records
        ]
        keys = {each.remote_id: each.key for each in records}
        try:
            answer = self.client.call("POST", f"{self.path}/update", json={"inputs": inputs})
        except Permanent as error:
            self._refused(records, error, report=report, send=self._update)
        else:
            _save_results(
                records, answer, report=report, key_of=lambda each: keys.get(str(each.get("id")), "")
            )

    def _refused(self, records: Sequence[Outgoing], error: Permanent, *, report: Report, send: Send) -> None:
        said = errors.refusal_of(error)
        unknown = {name for name, code in said.properties.items() if code == errors.UNKNOWN_PROPERTY}
        ours = {name for name in unknown if properties.is_ours(name)} - self._made
        if ours:
            self._made |= ours
            properties.make(
                self.client, needs=[properties.need_called(name, needs=self.needs) for name in sorted(ours)]
            )
            send(records, report)
        elif self._leave_out(unknown, records=records, report=report):
            send(records, report)
        elif errors.is_taken(error):
            self._look_up(records, error, report=report, send=send)
        elif len(records) == 1 and errors.is_missing(error):
            # Deleted or merged away there since we read it: the next try finds out what is there now.
            report.again[records[0].key] = said.message
        elif len(records) == 1:
            report.refused[records[0].key] = said
        else:
            _halves(records, report=report, send=send)

    def _leave_out(self, unknown: set[str], *, records: Sequence[Outgoing], report: Report) -> bool:
        """Report properties that do not exist; False when none of them was sent, so leaving out would change nothing."""
        carried = False
        for name in unknown:
            keys = {each.key for each in records if name in _kept(each, report)}
            if keys:
                report.unknown.setdefault(name, set()).update(keys)
                carried = True
        return carried

    def _look_up(self, records: Sequence[Outgoing], error: Permanent, *, report: Report, send: Send) -> None:
        """Find whose address is taken, report these, send the others."""
        holders: dict[str, Present] = {}
        names = [need.name for need in self.needs]
        if len(records) == 1 and (number := errors.existing_id(error.message)):
            # The number also finds a contact that has the address as a second one.
            found = self.read([number], by="id", names=names)
            holders = {records[0].key: found[number]} if number in found else {}
        if not holders:
            by_address = {
                each.properties[EMAIL].lower(): each.key for each in records if each.properties.get(EMAIL)
            }
            found = self.read(list(by_address), by="email", names=names)
            holders = {by_address[address]: one for address, one in found.items() if address in by_address}
        report.taken |= holders
        rest = [each for each in records if each.key not in holders]
        if len(rest) < len(records):
            if rest:
                send(rest, report)
        elif len(records) == 1:
            report.refused[records[0].key] = errors.refusal_of(error)
        else:
            _halves(records, report=report, send=send)


def _key(one: Present, *, by: str) -> str:
    match by:
        case "id":
            return one.remote_id
        case "lead":
            return one.lead_id
    return one.properties.get(EMAIL, "").lower()


def _halves(records: Sequence[Outgoing], *, report: Report, send: Send) -> None:
    middle = len(records) // 2
    send(records[:middle], report)
    send(records[middle:], report)


def _kept(record: Outgoing, report: Report) -> dict[str, str]:
    return {
        name: value
        for name, value in record.properties.items()
        if record.key not in report.unknown.get(name, ())
    }


def _save_results(
    records: Sequence[Outgoing], answer: Answer, *, report: Report, key_of: Callable[[Mapping[str, Any]], str]
) -> None:
    """Results carry the trace id where HubSpot gives it back; a result of nobody's is not counted for anybody."""
    keys = {each.key for each in records}
    for result in _results(answer):
        trace = str(result.get("objectWriteTraceId") or "")
        key = trace if trace in keys else key_of(result)
        if key in keys and result.get("id"):
            report.written[key] = Written(
                remote_id=str(result["id"]),
                created=bool(result.get("new")),
                modified_at=_moment(result.get("updatedAt")),
            )
    for item in errors.item_errors(answer):
        said = errors.refusal(item)
        named = {
            *errors.named(item, "objectWriteTraceId"),
            *errors.named(item, "ids"),
            str(item.get("id") or ""),
        }
        for each in records:
            if each.key not in report.written and named & {each.key, each.remote_id or each.key}:
                if errors.is_final(item) and "OBJECT_NOT_FOUND" not in str(item.get("category")):
                    report.refused[each.key] = said
                else:
                    report.again[each.key] = said.message
    for key in keys - {*report.written, *report.refused, *report.again}:
        report.again[key] = "HubSpot did not say what became of it."


def _results(answer: Answer) -> list[Mapping[str, Any]]:
    body = answer.body if isinstance(answer.body, Mapping) else {}
    return [each for each in body.get("results") or () if isinstance(each, Mapping)]


def _properties(each: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (each.get("properties") or {}).items() if value is not None}


def _present(each: Mapping[str, Any]) -> Present:
    values = _properties(each)
    history = each.get("propertiesWithHistory") or {}
    return Present(
        remote_id=str(each.get("id") or ""),
        properties=values | {name: _latest(versions)[0] for name, versions in history.items() if versions},
        lead_id=values.get(LEAD_ID, ""),
        modified_at=_moment(each.get("updatedAt")),
        authors={name: _latest(versions)[1] for name, versions in history.items() if versions},
    )


def _latest(versions: Sequence[Mapping[str, Any]]) -> tuple[str, Author]:
    newest = max(versions, key=lambda version: str(version.get("timestamp") or ""))
    author = Author(source=str(newest.get("sourceType") or ""), source_id=str(newest.get("sourceId") or ""))
    return str(newest.get("value") or ""), author


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
