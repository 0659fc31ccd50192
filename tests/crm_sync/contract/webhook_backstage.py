"""The other side of a webhook: the sandbox's service desk, which is told of leads and tells back."""

import json
import time
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook as Standard

from crm_sandbox.webhook.signing import DEFAULT_SECRET
from crm_sync.connectors.access import Access
from crm_sync.connectors.base import Need
from crm_sync.connectors.webhook.bodies import KINDS
from crm_sync.connectors.writes import Author
from tests.crm_sync.contract.backstage import Backstage

SECRET = "whsec_" + "bGVhZHMgdGhhdCBjb21lIGJhY2sgYXJlIG91cnM="
DATA = {"email": "lead", "first_name": "lead", "score": "score"}


class WebhookBackstage(Backstage):
    kind = "webhook"
    first, company, score = "first_name", "company", "score"
    person = Author("person", "alice@acme.test")
    program = Author("program")
    us = Author("program", "leadops")
    recipient, user_id = "", "alice@acme.test"
    tells_us_apart = False
    secret, webhook_secret = DEFAULT_SECRET, SECRET
    comes_back = ("status", "working")
    told = ("status", "owner")

    def __init__(self, version, crm):
        super().__init__(version)
        self.crm = crm
        self.base_url = f"{crm.url}/webhook"
        self.changes = {}

    @property
    def needs(self):
        return [Need("score", "Score", "number")]

    def connect(self, *, before_call=lambda: None):
        access = Access(
            self.base_url,
            self.version,
            self.secret,
            self.budget,
            before_call,
            connection="crm",
            bodies={kind.name: kind.body for kind in KINDS},
        )
        return self.connector_class(access, needs=self.needs)

    def owner_ids(self):
        return {email: email for email in ("alice@acme.test", "bob@acme.test")}

    def messages(self):
        return self.crm.call("GET", "/control/webhook/messages")

    def values(self, number):
        """What the desk has heard of a lead, by our names; what is null is left out."""
        ticket = self.crm.call("GET", "/control/webhook/tickets")[number]
        return {name: value for name, value in ticket.items() if value is not None}

    def person_changes(self, number, name, value):
        self.changes[number, name] = value

    def lose_next_answer(self):
        fault = {"target": "webhook", "kind": "timeout_after_commit", "ms": 1500, "times": 1}
        self.crm.call("POST", "/control/faults", fault)

    def calls(self):
        return len(self.crm.call("GET", "/control/calls?target=webhook"))

    def grant_calls(self, number):
        self.crm.call("POST", "/control/limits", {"target": "webhook", "calls": number, "per_seconds": 30})

    def event(self, number, name, *, attempt=0, at=1_790_000_000_000):
        moment = datetime.fromtimestamp(at / 1000, tz=UTC)
        value = self.changes.get((number, name), {"status": "working", "owner": "bob@acme.test"}[name])
        return [
            {
                "id": f"{number}-{name}-{at}",
                "record": number,
                "at": moment.isoformat(),
                "by": self.person.source_id,
                name: value,
            }
        ]

    def body(self, *events):
        return json.dumps({"changes": [each for some in events for each in some]}).encode()

    def signed(self, body, *, secret=SECRET, at=None):
        """By the standard's own library."""
        moment = datetime.fromtimestamp(at or time.time(), tz=UTC)
        made = Standard(secret).sign("msg_1", moment, body.decode())
        stamp = str(int(moment.timestamp()))
        return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": made}

    def forged(self, body):
        right = self.signed(body)
        return [
            {"body": body + b" "},
            {"headers": {}},
            {"headers": right | {"webhook-id": "msg_2"}},
            {"headers": self.signed(body, at=time.time() - timedelta(hours=1).total_seconds())},
            {"headers": {"Authorization": "Bearer somebody else's"}},
        ]

    def limits(self, left):
        return {"RateLimit-Remaining": str(left), "RateLimit-Limit": "100", "RateLimit-Reset": "10"}
