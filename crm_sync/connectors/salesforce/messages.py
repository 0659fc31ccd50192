"""Outbound messages: the org says that something has happened to a record. It is a hint: what stands there is read.

They are not signed. Whoever sends one knows the connection's secret, which stands in the address as `token`, and says of which
organization it is: a copy of an org (a sandbox) has the address too. They come until they are acknowledged, several times and in
any order.
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_understanding.htm
"""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.parsers import expat

from crm_sync.connectors.events import WHOLE_RECORD, Events, MalformedEvents, RemoteChange
from crm_sync.connectors.salesforce.formats import is_id, long_id, moment
from plumbing.signatures import BadSignature, SignedRequest

WEBHOOK_SECURITY = {
    "type": "apiKey",
    "in": "query",
    "name": "token",
    "description": "The connection's webhook secret, as part of the address that an outbound message is sent to.",
}
ACKNOWLEDGEMENT = (
    "text/xml; charset=utf-8",
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>",
)
_MOST_BYTES = 1_000_000
_MOST_NOTIFICATIONS = 100
_DEEPEST = 12
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"


def verify(request: SignedRequest) -> str:
    """The secret in the address; nothing is signed. Raises BadSignature."""
    given = parse_qs(urlsplit(request.uri).query).get("token", [""])[0]
    if not hmac.compare_digest(given.encode(), request.secret.encode()):
        raise BadSignature("the address does not carry the connection's secret")
    return ""


def parse(raw_body: bytes) -> Events:
    """Raises MalformedEvents."""
    found = _Notifications.read(raw_body)
    if not found.is_message:
        raise MalformedEvents("The body is no outbound message.")
    if not is_id(found.organization):
        raise MalformedEvents("The message names no organization by its id.")
    events = Events(account=found.organization)
    for each in found.notifications:
        number = long_id(each.fields.get("Id", ""))
        raw = {"notification": each.id, "organization": found.organization, **each.fields}
        if not is_id(number):
            events.unreadable.append(("A notification names no record by its id.", raw))
            continue
        events.changes.append(
            RemoteChange(
                dedupe_key=each.id or f"{number}:{each.fields.get('SystemModstamp', '')}",
                remote_id=number,
                property=WHOLE_RECORD,
                at=moment(each.fields.get("LastModifiedDate")),
                raw=raw,
            )
        )
    return events


class _Notification:
    def __init__(self) -> None:
        self.id = ""
        self.fields: dict[str, str] = {}


class _Notifications:
    """What a message holds. A document that declares anything is refused, so nothing in it can grow or fetch."""

    def __init__(self) -> None:
        self.is_message = False
        self.organization = ""
        self.notifications: list[_Notification] = []
        self._path: list[str] = []
        self._text: list[str] = []

    @classmethod
    def read(cls, raw_body: bytes) -> "_Notifications":
        if len(raw_body) > _MOST_BYTES:
            raise MalformedEvents("The body is larger than an outbound message is.")
        found = cls()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = found._start
        parser.EndElementHandler = found._end
        parser.CharacterDataHandler = found._text.append
        try:
            parser.Parse(raw_body, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            if isinstance(error, MalformedEvents):
                raise
            raise MalformedEvents("The body is not whole XML.") from error
        return found

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self._path.append(local)
        self._text.clear()
        if len(self._path) > _DEEPEST:
            raise MalformedEvents("The body is deeper than an outbound message is.")
        if local == "notifications" and space == _OUTBOUND:
            self.is_message = True
        if self._path[-2:] == ["notifications", "Notification"]:
            if len(self.notifications) >= _MOST_NOTIFICATIONS:
                raise MalformedEvents("The body has more notifications than an outbound message has.")
            self.notifications.append(_Notification())

    def _end(self, _name: str) -> None:
        said, path = "".join(self._text).strip(), self._path
        if path[-2:] == ["notifications", "OrganizationId"]:
            self.organization = long_id(said)
        elif path[-2:] == ["Notification", "Id"]:
            self.notifications[-1].id = said
        elif path[-3:-1] == ["Notification", "sObject"]:
            self.notifications[-1].fields[path[-1]] = said[:1000]
        path.pop()
        self._text.clear()


def _refuse(*_: Any) -> None:
    raise MalformedEvents("The body declares a document type, which an outbound message never does.")
