"""Outbound messages: SOAP that tells an address of written records, as an admin's flow has it sent.

What is sent is the newest state of a record, up to a hundred at a time, again until the receiver says Ack, and in no order
that could be relied on. Deletions are never told.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Sequence
from xml.sax.saxutils import escape

from crm_sandbox import portal_settings
from crm_sandbox.salesforce import automation, rows, staff
from crm_sandbox.salesforce.ids import whole
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json

_MESSAGES = "org_outbound_messages"
MESSAGE = "message"
MOST_NOTIFICATIONS = 100
_SPREAD_MS = 1500
_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>{organization}</OrganizationId>
   <ActionId>{action}</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/{organization}</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/{organization}</PartnerUrl>
{notifications}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
"""
_NOTIFICATION = """   <Notification>
    <Id>{id}</Id>
    <sObject xsi:type="sf:{type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
{fields}
    </sObject>
   </Notification>"""


def known(db: sqlite3.Connection) -> list[Json]:
    found: list[Json] = portal_settings.read(db, _MESSAGES, [])
    return found


def add(db: sqlite3.Connection, message: Json) -> Json:
    """`object`, `url`, `fields`, `own_writes` (of the API too), `repeats` (deliveries more than one), `disorder`."""
    there = known(db)
    used = {each["id"] for each in there}
    made = {"id": next(number for number in itertools.count(1) if number not in used)} | message
    portal_settings.write(db, _MESSAGES, [*there, made])
    return made


def end(db: sqlite3.Connection, *, number: int | None) -> None:
    kept = [each for each in known(db) if number is not None and each["id"] != number]
    portal_settings.write(db, _MESSAGES, kept or None)


def tell(db: sqlite3.Connection, *, row: OrgRecord, own_write: bool) -> bool:
    """Books what this write has sent. Whether there was anything."""
    told = False
    for message in known(db):
        if message["object"] == row.type and (message["own_writes"] or not own_write):
            for _ in range(1 + message["repeats"]):
                late = random.randrange(_SPREAD_MS) if message["disorder"] or message["repeats"] else 0
                automation.book(
                    db, kind=MESSAGE, body={"message": message["id"], "record": row.id}, after_ms=late
                )
            told = True
    return told


def written(db: sqlite3.Connection, *, message: Json, jobs: Sequence[tuple[int, OrgRecord]]) -> str:
    """SOAP for records and the numbers of what was booked for them. 15 characters are usual for the organization's id."""
    several = list(jobs)
    if message["disorder"]:
        random.shuffle(several)
    return _ENVELOPE.format(
        organization=staff.organization_id(db),
        action=whole(f"04k5e0000{message['id']:06d}"),
        notifications="\n".join(_notification(message, number, row) for number, row in several),
    )


def _notification(message: Json, number: int, row: OrgRecord) -> str:
    names = ["Id", *(name for name in message["fields"] if name != "Id")]
    values = {"Id": row.id} | row.fields
    fields = "\n".join(
        f"     <sf:{name}>{escape(_text(values[name]))}</sf:{name}>"
        for name in names
        if values.get(name) is not None
    )
    return _NOTIFICATION.format(id=whole(f"04l5e0000{number % 1_000_000:06d}"), type=row.type, fields=fields)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    # In XML times are written with a zone as Z.
    return text.replace("+0000", "Z") if text.endswith(".000+0000") else text


def records(db: sqlite3.Connection, several: Sequence[str]) -> dict[str, OrgRecord]:
    return {id: row for id, row in rows.several(db, several).items() if not row.deleted}
