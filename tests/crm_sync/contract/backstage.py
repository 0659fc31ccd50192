"""The other side of each CRM under contract: how a test makes things happen there."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property

from crm_sandbox.webhooks import signature_v3
from crm_sync.connectors import connector_class
from crm_sync.connectors.access import Access, Credentials
from crm_sync.connectors.base import Need, Outgoing
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.connectors.records import RemoteCompany, RemoteDeal, RemoteTouch
from crm_sync.connectors.salesforce.records import object_of
from crm_sync.connectors.writes import Author
from tests.crm_sync.contract import memory
from tests.make import crm_sync as make
from tests.make import salesforce
from tests.make.sandbox import PROPERTIES, TOKEN

ADDRESS = "https://leads.acme.test/api/v1/webhooks/crm?a=b"


class Backstage:
    """`first` to `read_only` name properties that exist there besides the special ones."""

    kind: str
    first: str
    company: str
    status: str
    several: str
    read_only: str
    person: Author
    program: Author
    us: Author
    recipient: str
    user_id: str
    # Two records' ids, and events that name none.
    numbers = ("151", "152")
    unreadable: tuple[object, ...] = ([7], [{"nothing": "of ours"}])
    # Whether an event says which property was changed and by whom, and a change that it is ours.
    says_what = tells_us_apart = True
    # Whether the CRM says that its properties have not changed.
    tells_changes = True
    # Without these no record is made.
    required: Mapping[str, str] = {}
    statuses = ("NEW", "CONNECTED")
    secret, client_id = TOKEN, ""
    # Of ours and theirs, what a lead cannot be written without.
    other_lines: Mapping[str, str] = {}
    # A property for scores.
    score: str
    # What our side knows events to be theirs by, two properties that they tell of, and of ours one that comes back changed.
    webhook_secret = make.WEBHOOK_SECRET
    comes_back = ("first_name", "Regina")

    def __init__(self, version=""):
        self.version = version
        self.budget = Budget({})

    @property
    def told(self):
        return self.first, "town"

    def owner_ids(self):
        """By e-mail address."""
        return {each.email: each.remote_id for each in self.connect().owners()}

    def address(self):
        """Where events are sent to."""
        return ADDRESS

    def forged(self, body):
        """What of a signed request somebody may have made up: in words of `check`."""
        return [
            {"method": "GET"},
            {"uri": ADDRESS + "&c=d"},
            {"body": body + b" "},
            {"headers": {}},
            {"headers": self.signed(body, at=time.time() - 3600)},
        ]

    @property
    def needs(self):
        return [Need(self.first, "First"), Need(self.score, "Score", "number")]

    def add_person(self, email):
        """Somebody whom deals can be about."""
        return self.add(email)

    def a_later_moment(self):
        """Later than all that was done until now, as the CRM counts."""
        return datetime.now(UTC)

    def make_duplicate_rule(self):
        """No two records should have the same `first`: whoever insists may make another. For CRMs that have such rules."""

    def record(self, key, **values):
        """One that can be made."""
        whole = {**self.required, **values}
        return Outgoing(key, whole, whole=whole)

    @property
    def connector_class(self):
        return connector_class(self.kind)

    def connect(self, *, before_call=lambda: None):
        access = Access(self.base_url, self.version, TOKEN, self.budget, before_call)
        return self.connector_class(access, needs=self.needs)


class HubSpotBackstage(Backstage):
    kind = "hubspot"
    first, company, status, score = "firstname", "company", "hs_lead_status", "leadops_score"
    tells_changes = False
    several, read_only = "hs_buying_role", "createdate"
    person = Author("CRM_UI", "userId:4400100")
    program = Author("INTEGRATION", "999")
    us = Author("INTEGRATION", "1160452")
    recipient, user_id = "1160452", "4400100"

    def __init__(self, version, crm):
        super().__init__(version)
        self.crm = crm
        self.base_url = f"{crm.url}/hubspot"

    def add(self, email, **values):
        return self.crm.add_contact(email=email, **values)

    def add_company(self, name, domain, *, owner=""):
        values = {"name": name, "domain": domain} | ({"hubspot_owner_id": owner} if owner else {})
        return self._make("companies", values)

    def add_deal(self, name, *, contact, company, won=False):
        stage = "closedwon" if won else "appointmentscheduled"
        number = self._make("deals", {"dealname": name, "dealstage": stage, "pipeline": "default"})
        for kind, other in (("contacts", contact), ("companies", company)):
            path = f"/hubspot/crm/v4/objects/deals/{number}/associations/default/{kind}/{other}"
            self.crm.call("PUT", path)
        return number

    def touch(self, kind, *, contact, owner="", at=None, **more):
        """Somebody logs a call, an e-mail or a meeting by hand; `owner` is an address."""
        body = {"kind": kind, "contact": contact, **more}
        body |= {"owner": owner} if owner else {}
        body |= {"at": at.isoformat()} if at else {}
        self.crm.call("POST", "/control/hubspot/engagements", body)

    def _make(self, kind, values):
        return self.crm.call("POST", f"/hubspot/crm/v3/objects/{kind}", {"properties": values})["id"]

    def values(self, number):
        path = f"/hubspot/crm/v3/objects/contacts/{number}?properties={','.join(PROPERTIES)}"
        found = self.crm.call("GET", path)["properties"]
        return {name: value for name, value in found.items() if value is not None}

    def person_changes(self, number, name, value):
        self.crm.person_changes(number, **{name: value})

    def lose_next_answer(self):
        self.crm.fault("timeout_after_commit", ms=1500, times=1)

    def delete(self, number):
        self.crm.call("DELETE", f"/control/hubspot/contacts/{number}")

    def merge(self, number, other):
        merged = {"primary": number, "other": other}
        return self.crm.call("POST", "/control/hubspot/contacts/merge", merged)["id"]

    def calls(self):
        return len(self.crm.calls())

    def grant_calls(self, number):
        self.crm.call("POST", "/control/limits", {"target": "hubspot", "calls": number, "per_seconds": 30})

    def delete_task(self, number):
        self.crm.call("DELETE", f"/hubspot/crm/v3/objects/tasks/{number}")

    def event(self, number, name, *, attempt=0, at=1_790_000_000_000):
        return [
            {
                "eventId": attempt,
                "subscriptionType": "contact.propertyChange",
                "objectId": int(number),
                "propertyName": name,
                "occurredAt": at,
                "attemptNumber": attempt,
                "changeSource": self.person.source,
                "sourceId": self.person.source_id,
                "appId": 1160452,
            }
        ]

    def body(self, *events):
        return json.dumps([each for some in events for each in some]).encode()

    def signed(self, body, *, secret=make.WEBHOOK_SECRET, at=None):
        stamp = str(int((at or time.time()) * 1000))
        made = signature_v3(secret=secret, method="POST", url=ADDRESS, body=body, timestamp=stamp)
        return {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": made}

    def limits(self, left):
        return {"X-HubSpot-RateLimit-Remaining": str(left), "X-HubSpot-RateLimit-Max": "100"}

    def deny_deals(self):
        """The token may not read deals any more; what the right is called."""
        self.crm.call("POST", "/control/hubspot/scopes", {"missing": ["crm.objects.deals.read"]})
        return "crm.objects.deals.read"

    def add_property(self, name):
        self.crm.make_property(name)


class SalesforceBackstage(Backstage):
    kind = "salesforce"
    first, company, status = "FirstName", "Company", "Status"
    several, read_only, score = "Topics__c", "CreatedDate", "Score__c"
    numbers = ("00Q000000000151AAA", "00Q000000000152AAA")
    unreadable = ([("04l1", "nobody", "")],)
    says_what = tells_us_apart = False
    statuses = ("Working - Contacted", "Open - Not Contacted")
    required = {"LastName": "Green", "Company": "Globex"}
    other_lines = {"last_name": "LastName", "company": "Company"}
    secret, client_id = salesforce.SECRET, salesforce.CLIENT_ID
    person = Author("Standard", "005000000000001AAA")
    program = Author("AutomatedProcess", "005000000000002AAA")
    us = Author("leadops or what runs after it", "005000000000003AAA")
    recipient, user_id = "", "005000000000001AAA"

    def __init__(self, version, crm):
        super().__init__(version)
        self.crm = crm
        self.base_url = f"{crm.url}/salesforce"
        # As an org comes: whoever has the address is there already.
        crm.call("POST", "/control/salesforce/duplicate_rules", {"object": "Lead", "action": "alert"})
        crm.call(
            "POST",
            "/control/salesforce/fields/Lead/Topics__c",
            {"type": "multipicklist", "label": "Topics", "picklistValues": ["a", "b"]},
        )
        key = {"type": "string", "label": "leadops ID", "length": 64, "externalId": True, "unique": True}
        crm.call("POST", "/control/salesforce/fields/Contact/leadops_id__c", key)
        crm.call("POST", "/control/salesforce/fields/Lead/Score__c", {"type": "double", "label": "Score"})

    def address(self):
        return f"{ADDRESS}&token={make.WEBHOOK_SECRET}"

    def signed(self, body, *, secret=make.WEBHOOK_SECRET, at=None):
        return {}

    def forged(self, body):
        return [{"uri": ADDRESS}, {"uri": f"{ADDRESS}&token=", "body": body}]

    def connect(self, *, before_call=lambda: None):
        shown = Credentials(salesforce.SECRET, salesforce.CLIENT_ID)
        access = Access(
            self.base_url,
            self.version,
            "",
            self.budget,
            before_call,
            login=lambda refused: self.connector_class.log_in(self.base_url, shown),
        )
        return self.connector_class(access, needs=self.needs)

    @cached_property
    def organization(self):
        """The short form of its id, as messages have it."""
        shown = Credentials(salesforce.SECRET, salesforce.CLIENT_ID)
        return self.connector_class.log_in(self.base_url, shown).account[:15]

    def _control(self, method, path, body=None):
        return self.crm.call(method, f"/control/salesforce/{path}", body)

    def add(self, email, **values):
        fields = {"Email": email, **self.required, **values}
        return self._control("POST", "Lead", {"fields": fields})["id"]

    def a_later_moment(self):
        """It counts whole seconds."""
        time.sleep(1.01 - time.time() % 1)
        return datetime.now(UTC).replace(microsecond=0)

    def add_person(self, email):
        return self._control("POST", "Contact", {"fields": {"Email": email, "LastName": "Green"}})["id"]

    def add_company(self, name, domain, *, owner=""):
        fields = {"Name": name, "Website": domain} | ({"OwnerId": owner} if owner else {})
        return self._control("POST", "Account", {"fields": fields})["id"]

    def add_deal(self, name, *, contact, company, won=False):
        fields = {"Name": name, "AccountId": company, "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        number = self._control("POST", "Opportunity", {"fields": fields})["id"]
        role = {"OpportunityId": number, "ContactId": contact, "IsPrimary": True}
        self._control("POST", "OpportunityContactRole", {"fields": role})
        if won:
            self._control("POST", f"Opportunity/{number}/won")
        return number

    def touch(self, kind, *, contact, owner="", at=None, **more):
        by = {"by": owner, "owner": owner} if owner else {}
        moment = (at or datetime.now(UTC)).isoformat()
        if kind == "meeting":
            fields = {"WhoId": contact, "Subject": "Meeting", "StartDateTime": moment, "EndDateTime": moment}
            self._control("POST", "Event", {"fields": fields, **by})
        else:
            subtype = {"call": "Call", "email": "Email"}[kind]
            fields = {"WhoId": contact, "Subject": kind, "Status": "Completed", "TaskSubtype": subtype}
            self._control("POST", "Task", {"fields": {**fields, "CompletedDateTime": moment}, **by})

    def values(self, number):
        shown = self.connect().read(
            [number], by="id", properties=[*self.connector_class.names.usual.values(), "Score__c", "Status"]
        )
        return dict(shown[number].properties) if number in shown else {}

    def person_changes(self, number, name, value):
        self._control(
            "PATCH", f"{object_of(number)}/{number}", {"fields": {name: value}, "by": "maria@acme.test"}
        )

    def lose_next_answer(self):
        self.crm.call(
            "POST",
            "/control/faults",
            {
                "target": "salesforce",
                "kind": "timeout_after_commit",
                "ms": 1500,
                "times": 1,
                "path": "composite",
            },
        )

    def delete(self, number):
        self._control("DELETE", f"{object_of(number)}/{number}")

    def merge(self, number, other):
        return self._control("POST", f"{object_of(number)}/merge", {"master": number, "others": [other]})[
            "id"
        ]

    def calls(self):
        calls = self.crm.call("GET", "/control/calls?target=salesforce")
        return len([each for each in calls if "oauth2" not in each["path"]])

    def grant_calls(self, number):
        used = self.calls()
        self._control("POST", "org", {"daily_calls": used + number})

    def delete_task(self, number):
        self._control("DELETE", f"Task/{number}")

    def event(self, number, name, *, attempt=0, at=1_790_000_000_000):
        moment = datetime.fromtimestamp(at / 1000, tz=UTC).isoformat()
        return [(f"04l{number}{name}{at}", number, moment)]

    def body(self, *events):
        said = "".join(
            f"<Notification><Id>{one}</Id><sObject><Id>{number}</Id><LastModifiedDate>{moment}</LastModifiedDate></sObject>"
            "</Notification>"
            for some in events
            for one, number, moment in some
        )
        return (
            '<Envelope><Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
            f"<OrganizationId>{self.organization}</OrganizationId>{said}</notifications></Body></Envelope>"
        ).encode()

    def limits(self, left):
        return {"Sforce-Limit-Info": f"api-usage={100 - left}/100"}

    def make_duplicate_rule(self):
        match = [{"object": "Lead", "fields": [self.first]}]
        self._control("POST", "duplicate_rules", {"object": "Lead", "action": "alert", "match": match})

    def deny_deals(self):
        self._control("POST", "permissions", {"denied": {"Opportunity": ["read"]}})
        return "Opportunity: Read"

    def add_property(self, name):
        self._control(
            "POST", f"fields/Lead/{name.title()}__c", {"type": "string", "label": name, "length": 80}
        )


class MemoryBackstage(Backstage):
    kind = "memory"
    first, company, status, score = "given", "employer", "stage", "x_score"
    several, read_only = "topics", "seen"
    person = Author("person", "u-1")
    program = Author("program", "a workflow")
    us = Author("program", "leadops")
    recipient, user_id = "", "u-1"
    base_url = "https://memory.test"

    def __init__(self, version):
        super().__init__(version)
        self.account = memory.ACCOUNTS[self.base_url] = memory.Account()

    def add(self, email, **values):
        number = str(next(self.account.numbers))
        return self.account.save(number, {memory.MAIL: email, **values}, author=self.person)

    def add_company(self, name, domain, *, owner=""):
        number = str(next(self.account.numbers))
        self.account.companies[number] = RemoteCompany(
            number, name=name, domains=[domain], owner_id=owner, modified_at=datetime.now(UTC)
        )
        return number

    def add_deal(self, name, *, contact, company, won=False):
        number = str(next(self.account.numbers))
        self.account.deals[number] = RemoteDeal(
            number,
            name=name,
            state="won" if won else "open",
            contact_ids=[contact],
            account_id=company,
            modified_at=datetime.now(UTC),
        )
        return number

    def touch(self, kind, *, contact, owner="", at=None):
        who = next((one.remote_id for one in self.account.people if one.email == owner), "")
        self.account.touches.append(RemoteTouch(contact, kind, at or datetime.now(UTC), who))

    def values(self, number):
        return {name: value for name, value in self.account.records[number].items() if value}

    def person_changes(self, number, name, value):
        self.account.save(number, {name: value}, author=self.person)

    def lose_next_answer(self):
        self.account.loses_answers = 1

    def delete(self, number):
        del self.account.records[number]
        self.account.deleted.add(number)

    def merge(self, number, other):
        new = str(next(self.account.numbers))
        kept, given_up = self.account.records.pop(number), self.account.records.pop(other)
        self.account.save(new, given_up | kept, author=self.person)
        self.account.merged |= {number: new, other: new}
        return new

    def calls(self):
        return self.account.calls

    def grant_calls(self, number):
        self.account.calls_left = number

    def delete_task(self, number):
        del self.account.tasks[number]

    def event(self, number, name, *, attempt=0, at=1_790_000_000_000):
        moment = datetime.fromtimestamp(at / 1000, tz=UTC).isoformat()
        return [
            {
                "number": f"{number}-{name}-{at}",
                "record": number,
                "property": name,
                "at": moment,
                "kind": self.person.source,
                "who": self.person.source_id,
            }
        ]

    def body(self, *events):
        return json.dumps({"events": [each for some in events for each in some]}).encode()

    def signed(self, body, *, secret=make.WEBHOOK_SECRET, at=None):
        stamp = str(int((at or time.time()) * 1000))
        message = f"POST{ADDRESS}".encode() + body + stamp.encode()
        made = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()
        return {"X-Memory-Time": stamp, "X-Memory-Signature": made}

    def limits(self, left):
        return {"X-Memory-Left": str(left)}

    def make_duplicate_rule(self):
        self.account.alike_by = self.first

    def deny_deals(self):
        self.account.denies.add("may-deals")
        return "may-deals"

    def add_property(self, name):
        self.account.properties[name] = PropertyDefinition(name, name.title())
