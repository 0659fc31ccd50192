"""Contacts, by our unique property `leadops_lead_id`, up to 100 in a call.

A 4xx is about the whole batch, and since version 2026-09 there is nothing else; a 207 of earlier versions tells inputs
apart, and each of its errors is taken as if its input had been alone. So: a property that does not exist is left out and
reported; when an e-mail address is taken, all addresses are looked up in one call; anything else is cut in halves until the
one that is refused stands alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from crm_sync.connectors.base import Need, Outgoing, Present, Report, Written
from crm_sync.connectors.hubspot import errors, properties
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.formats import moment
from crm_sync.connectors.hubspot.properties import LEAD_ID
from crm_sync.connectors.writes import Author
from plumbing.http import Answer, Permanent, RemoteError

EMAIL = "email"
# The ids that a contact had before it was merged: they find it for ever.
MERGED = "hs_merged_object_ids"
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
            "properties": sorted({*names, LEAD_ID, EMAIL, MERGED}),
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
        if by != "id":
            return {_key(one, by=by): one for one in found}
        named = {number: one for one in found for number in _ids(one) if number in ids}
        nameless = [one for one in found if one not in named.values()]
        unanswered = [each for each in ids if each not in named]
        if nameless and len(unanswered) == 1:
            named[unanswered[0]] = nameless[0]
        elif nameless:
            # A merged contact that does not say which it was: asked for alone, it cannot be mistaken.
            for each in unanswered:
                named |= self.read([each], by=by, names=names, history=history)
        return named

    def write(self, records: Sequence[Outgoing]) -> Report:
        report = Report()
        for some, send in (
            ([each for each in records if not each.exists], self._upsert),
            ([each for each in records if each.exists], self._change),
        ):
            if report.stopped is None:
                self._run(some, send, report)
        return report

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        return self._run(records, self._update, Report())

    def _run(self, records: Sequence[Outgoing], send: Send, report: Report) -> Report:
        try:
            if records:
                send(records, report)
        except Permanent as error:
            said = errors.refusal_of(error)
            report.refused |= {record.key: said for record in records if record.key not in report.reached}
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
            self._save(
                records,
                answer,
                report=report,
                send=self._upsert,
                key_of=lambda each: _properties(each).get(LEAD_ID, ""),
            )

    def _change(self, records: Sequence[Outgoing], report: Report) -> None:
        """By our key, and never a new one: whoever deleted a contact does not find it there again."""
        inputs = [
            {
                "id": each.key,
                "idProperty": LEAD_ID,
                "properties": _kept(each, report) | {LEAD_ID: each.key},
                "objectWriteTraceId": each.key,
            }
            for each in records
        ]
        try:
            answer = self.client.call("POST", f"{self.path}/update", json={"inputs": inputs})
        except Permanent as error:
            self._refused(records, error, report=report, send=self._change)
        else:
            self._save(
                records,
                answer,
                report=report,
                send=self._change,
                key_of=lambda each: _properties(each).get(LEAD_ID, ""),
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
            self._save(
                records,
                answer,
                report=report,
                send=self._update,
                key_of=lambda each: keys.get(str(each.get("id")), ""),
            )

    def _save(
        self,
        records: Sequence[Outgoing],
        answer: Answer,
        *,
        report: Report,
        send: Send,
        key_of: Callable[[Mapping[str, Any]], str],
    ) -> None:
        """What became of each input. An error that may pass, and silence, are tried again."""
        keys = {each.key for each in records}
        _save_written(keys, answer, report=report, key_of=key_of)
        for item in errors.item_errors(answer):
            named, final = _inputs_named(item), errors.of_item(item)
            for each in records:
                if each.key in report.written or not named & {each.key, _named_as(each)}:
                    continue
                if final is None:
                    report.again[each.key] = errors.refusal(item).message
                else:
                    self._refused([each], final, report=report, send=send)
        for key in keys - report.reached:
            report.again[key] = "HubSpot did not say what became of it."

    def _refused(self, records: Sequence[Outgoing], error: Permanent, *, report: Report, send: Send) -> None:
        said = errors.refusal_of(error)
        unknown = {name for name, code in said.properties.items() if code == errors.UNKNOWN_PROPERTY}
        ours = {name for name in unknown if properties.is_ours(name)} - self._made
        if ours:
            self._made |= ours
            properties.make(
                self.client, needs=[properties.need_called(name, needs=self.needs) for name in sorted(ours)]
            )
            # An account without our key is another one, or was emptied: what stood there is made again.
            again = self._upsert if LEAD_ID in ours and send == self._change else send
            again(records, report)
        elif self._leave_out(unknown, records=records, report=report):
            send(records, report)
        elif errors.is_taken(error):
            self._look_up(records, error, report=report, send=send)
        elif errors.is_missing(error) and (missing := _missing(records, error)):
            for each in missing:
                if each.exists:
                    report.gone.add(each.key)
                else:
                    # Gone since we read it: the next try finds out what is there now.
                    report.again[each.key] = said.message
            if rest := [each for each in records if each not in missing]:
                send(rest, report)
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


def _ids(one: Present) -> list[str]:
    """The id that the contact has, and those that it had."""
    return [one.remote_id, *one.properties.get(MERGED, "").split(";")]


def _missing(records: Sequence[Outgoing], error: Permanent) -> list[Outgoing]:
    """Those that the refusal names; the only one, where it names none."""
    named = errors.named(error.body, "ids") if isinstance(error.body, Mapping) else []
    found = [each for each in records if _named_as(each) in named]
    return found or list(records if len(records) == 1 else ())


def _named_as(record: Outgoing) -> str:
    """What HubSpot calls it: by our key, except one that is to be adopted."""
    return record.key if record.exists else record.remote_id or record.key


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


def _save_written(
    keys: Collection[str], answer: Answer, *, report: Report, key_of: Callable[[Mapping[str, Any]], str]
) -> None:
    """Results carry the trace id where HubSpot gives it back; a result of nobody's is not counted for anybody."""
    for result in _results(answer):
        trace = str(result.get("objectWriteTraceId") or "")
        key = trace if trace in keys else key_of(result)
        if key in keys and result.get("id"):
            report.written[key] = Written(
                remote_id=str(result["id"]),
                created=bool(result.get("new")),
                modified_at=moment(result.get("updatedAt")),
            )


def _inputs_named(item: Mapping[str, Any]) -> set[str]:
    """What an error of a 207 says about whose it is."""
    return {*errors.named(item, "objectWriteTraceId"), *errors.named(item, "ids"), str(item.get("id") or "")}


def _results(answer: Answer) -> list[Mapping[str, Any]]:
    body = answer.body if isinstance(answer.body, Mapping) else {}
    return [each for each in body.get("results") or () if isinstance(each, Mapping)]


def _properties(each: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (each.get("properties") or {}).items() if value is not None}


def _present(each: Mapping[str, Any]) -> Present:
    values = _properties(each)
    history = each.get("propertiesWithHistory") or {}
    latest = {name: _latest(versions) for name, versions in history.items() if versions}
    moments = {name: moment(version.get("timestamp")) for name, version in latest.items()}
    return Present(
        remote_id=str(each.get("id") or ""),
        properties=values | {name: str(version.get("value") or "") for name, version in latest.items()},
        lead_id=values.get(LEAD_ID, ""),
        modified_at=moment(each.get("updatedAt")),
        authors={name: _author(version) for name, version in latest.items()},
        changed_at={name: at for name, at in moments.items() if at},
    )


def _latest(versions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return max(versions, key=lambda version: str(version.get("timestamp") or ""))


def _author(version: Mapping[str, Any]) -> Author:
    return Author(source=str(version.get("sourceType") or ""), source_id=str(version.get("sourceId") or ""))
