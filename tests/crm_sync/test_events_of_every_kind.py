"""Whatever HubSpot tells by webhook is read: what is about contacts as theirs, everything else as nobody's."""

import json

from crm_sandbox.server import SandboxServer
from crm_sync.connectors.hubspot import events
from tests.crm_sandbox.client import Bare
from tests.crm_sandbox.receiver import Receiver

CONTROL = "/control/hubspot"


def test_all_that_people_do_in_the_crm_is_read_and_only_contacts_are_taken_for_contacts(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare, Receiver() as receiver:
        hook = {"target": "hubspot", "url": receiver.url, "secret": receiver.secret, "own_writes": True}
        bare.post("/control/webhooks", hook)

        def made(kind, **body):
            return bare.post(f"{CONTROL}/{kind}", body).json()["id"]

        company = made("companies", properties={"name": "Globex"})
        one, two, gone, erased = (
            made("contacts", properties={"email": f"{name}@example.test"}, company=company) for name in "abcd"
        )
        deal = made("deals", properties={"dealname": "Big", "dealstage": "contractsent"}, contact=one)
        bare.post(f"{CONTROL}/deals/{deal}/won", {})
        for kind in ("call", "email", "meeting", "note"):
            bare.post(f"{CONTROL}/engagements", {"kind": kind, "contact": one})
        third = bare.post(f"{CONTROL}/contacts/merge", {"primary": one, "other": two}).json()["id"]
        bare.call("DELETE", f"{CONTROL}/contacts/{gone}")
        bare.call("DELETE", f"{CONTROL}/contacts/{erased}?privacy=true")
        bare.post(f"{CONTROL}/contacts/{gone}/restore", {})
        told = []
        while not any(each["subscriptionType"] == "contact.restore" for each in told):
            told += receiver.next()

    kinds = {each["subscriptionType"] for each in told}
    assert {"contact.merge", "contact.associationChange", "deal.propertyChange", "object.creation"} < kinds
    found = events.parse(json.dumps(told).encode())
    assert found.unreadable == []
    assert {each.remote_id for each in found.changes} == {one, two, gone, erased, third}
    assert [each.remote_id for each in found.changes if each.erased] == [erased]
