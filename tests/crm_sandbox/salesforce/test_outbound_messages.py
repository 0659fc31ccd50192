from __future__ import annotations

import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from xml.etree import ElementTree

import pytest

from tests.crm_sandbox.salesforce.client import lead

NS = "{http://soap.sforce.com/2005/09/outbound}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{}</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


class Listener:
    """Answers the first messages as it is told, all others with an Ack."""

    def __init__(self) -> None:
        self.acks: list[str] = []
        self.messages: queue.Queue[ElementTree.Element] = queue.Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.messages.put(ElementTree.fromstring(body))
                answer = ACK.format(outer.acks.pop(0) if outer.acks else "true").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/secret?x=1"

    def next(self) -> ElementTree.Element:
        return self.messages.get(timeout=10)

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener():
    with Listener() as made:
        yield made


def values(message):
    """Of each notification: its id and the record's fields."""
    found = []
    for each in message.iter(f"{NS}Notification"):
        record = each.find(f"{NS}sObject")
        found.append((each.findtext(f"{NS}Id"), {field.tag.removeprefix(SF): field.text for field in record}))
    return found


def listen(org, listener, **more):
    fields = ["Email", "OwnerId", "IsConverted", "LastModifiedDate"]
    org.control("outbound_messages", {"url": listener.url, "fields": fields, **more})


def test_a_write_is_told_in_soap(org, listener):
    listen(org, listener)
    id = org.make(Email="jana&co@globex.example")
    message = listener.next()
    (organization,) = org.soql("SELECT Id FROM Organization")
    assert message.find(f".//{NS}OrganizationId").text == organization["Id"]
    session = message.find(f".//{NS}SessionId")
    assert session.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
    ((number, fields),) = values(message)
    assert number.startswith("04l")
    assert len(number) == 18
    assert (fields["Id"], fields["Email"], fields["IsConverted"]) == (id, "jana&co@globex.example", "false")
    assert fields["LastModifiedDate"].endswith(".000Z")
    sobject = message.find(f".//{NS}sObject")
    assert sobject.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "sf:Lead"


def test_several_records_of_a_call_go_along(org, listener):
    listen(org, listener)
    results = org.upsert(*(lead(f"k{number}") for number in range(120)))
    found = set()
    while len(found) < 120:
        part = values(listener.next())
        assert len(part) <= 100
        found |= {fields["Id"] for _, fields in part}
    assert found == {each["id"] for each in results}


def test_without_an_ack_it_comes_again_with_what_is_true_then(org, listener):
    listener.acks = ["false"]
    listen(org, listener)
    id = org.make(Email="old@globex.example")
    ((first, fields),) = values(listener.next())
    assert fields["Email"] == "old@globex.example"
    org.control("outbound_messages", method="GET")
    org.patch(f"/sobjects/Lead/{id}", {"Email": "new@globex.example"})
    later = [pair for _ in range(2) for pair in values(listener.next())]
    assert {fields["Email"] for _, fields in later} == {"new@globex.example"}
    assert first in [number for number, _ in later]


def test_repeats_come_though_they_were_acknowledged(org, listener):
    listen(org, listener, repeats=2, disorder=True)
    id = org.make()
    several = []
    end = time.monotonic() + 8
    while len(several) < 2 and time.monotonic() < end:
        several += values(listener.next())
    assert {fields["Id"] for _, fields in several} == {id}


def test_own_writes_may_be_left_out_and_deletions_always_are(org, listener):
    listen(org, listener, own_writes=False)
    id = org.make()
    org.control(f"Lead/{id}/owner", {"owner": "bob@acme.test"})
    ((_, fields),) = values(listener.next())
    assert fields["OwnerId"] == org.user("bob@acme.test")
    org.control(f"Lead/{id}", method="DELETE")
    time.sleep(0.3)
    assert listener.messages.empty()
    org.control("outbound_messages", method="DELETE")
    org.control(f"Lead/{id}/undelete")
    time.sleep(0.3)
    assert listener.messages.empty()
