"""A second CRM, whole, in memory: what a connector has to be, and nothing else. It knows no vendor's words.

docs/howto/add-a-connector.md is written along this file.
"""

import json
import re
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from itertools import count
from typing import get_args

from crm_sync.connectors.base import (
    AlikeRecords,
    ApiVersion,
    Present,
    Refusal,
    RemoteOwner,
    RemoteTask,
    Report,
    TaskReport,
    Written,
)
from crm_sync.connectors.budget import RateLimits
from crm_sync.connectors.capabilities import Capabilities
from crm_sync.connectors.definitions import PropertyDefinition, PropertyNames, Schema
from crm_sync.connectors.events import Events, MalformedEvents, RemoteChange
from crm_sync.connectors.granted import Purpose, TokenGuide
from crm_sync.connectors.records import DeletedPage, RecordPage, RemoteContact
from crm_sync.connectors.writes import Author
from plumbing.http import Permanent, RemoteError, Transient
from plumbing.signatures import over_whole_request

KEY, MAIL, OWNER = "x_lead", "mail", "owned_by"
LONGEST = 200


class Account:
    """What stands in the CRM; `changes` are (property, author), the newest last."""

    def __init__(self):
        self.numbers = count(100)
        known = [
            PropertyDefinition(MAIL, "Mail", unique=True),
            PropertyDefinition(OWNER, "Owned by", "reference"),
            PropertyDefinition("given", "Given name", length=40),
            PropertyDefinition("employer", "Employer"),
            PropertyDefinition(
                "stage", "Stage", "choice", options=(("NEW", "New"), ("CONNECTED", "Talked to"))
            ),
            PropertyDefinition("topics", "Topics", "choices", options=(("a", "Apples"), ("b", "Pears"))),
            PropertyDefinition("seen", "Last seen", "datetime", read_only=True),
        ]
        self.properties = {each.name: each for each in known}
        self.records = {}
        self.changes = {}
        self.tasks = {}
        self.merged = {}
        self.deleted = set()
        # When each record was changed last, and what there is besides people.
        self.changed, self.changed_at = {}, {}
        self.companies, self.deals, self.touches = {}, {}, []
        self.people = [
            RemoteOwner("o-1", "alice@acme.test", "Alice", "u-1", archived=False),
            RemoteOwner("o-2", "bob@acme.test", "Bob", "u-2", archived=False),
            RemoteOwner("o-9", "carl@acme.test", "Carl", "u-9", archived=True),
        ]
        self.calls = 0
        self.calls_left = None
        self.loses_answers = 0
        self.denies = set()
        # A property in which no two records should say the same.
        self.alike_by = ""

    def save(self, number, values, *, author):
        record = self.records.setdefault(number, {})
        for name, value in values.items():
            if record.get(name, "") != value:
                record[name] = value
                self.changes.setdefault(number, {})[name] = author
                self.changed[number] = self.changed_at.setdefault(number, {})[name] = datetime.now(UTC)
        return number


ACCOUNTS = {}


class Memory:
    label = "Memory CRM"
    can = Capabilities()
    messages = ()
    default_address = ""
    api_versions = (ApiVersion("2", ends_on=date(2099, 1, 1)), ApiVersion("1"))
    names = PropertyNames(
        email=MAIL, shared_email="x_shared", owner=OWNER, own_prefix="x_", key=KEY, lead_status="stage"
    )
    customer_lifecycles = ("won",)
    list_separator = ","
    has_duplicate_rules = True
    most_with_history = 10
    authors_of_records = False
    deletions_every = timedelta(minutes=5)
    token_guide = TokenGuide(token="pass", right="permission", steps=("Ask for a pass at the gate.",))
    rights = {purpose: (f"may-{purpose}",) for purpose in get_args(Purpose)}
    credentials = {}
    log_in = acknowledgement = None
    webhook_security = {"type": "apiKey", "in": "header", "name": "X-Memory-Signature"}
    verify = staticmethod(
        over_whole_request(
            signature_header="X-Memory-Signature",
            timestamp_header="X-Memory-Time",
            window=timedelta(minutes=1),
        )
    )

    def __init__(self, access, *, needs=()):
        if access.base_url not in ACCOUNTS:
            raise ValueError(f"{access.base_url} is no address of a Memory CRM.")
        self.access = access
        self.account = ACCOUNTS[access.base_url]

    @staticmethod
    def encode(value):
        match value:
            case None:
                return ""
            case bool():
                return "yes" if value else "no"
            case datetime():
                return value.astimezone(UTC).isoformat(timespec="seconds")
            case list() | tuple():
                return ",".join(Memory.encode(each) for each in value)[:LONGEST]
        return str(value)[:LONGEST]

    @staticmethod
    def read_limits(headers):
        left = headers.get("X-Memory-Left")
        return None if left is None else RateLimits(remaining=int(left), interval=timedelta(seconds=1))

    @staticmethod
    def parse_events(raw_body):
        try:
            events = list(json.loads(raw_body)["events"])
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedEvents("The body is no list of events of a Memory CRM.") from error
        found = Events()
        for each in events:
            try:
                found.changes.append(Memory._event(each))
            except (ValueError, KeyError, TypeError):
                found.unreadable.append(("It is no event of a Memory CRM.", each))
        return found

    @staticmethod
    def _event(each):
        return RemoteChange(
            dedupe_key=str(each["number"]),
            remote_id=each["record"],
            property=each["property"],
            at=datetime.fromisoformat(each["at"]),
            author=Author(each["kind"], each["who"]),
            raw=each,
        )

    def ping(self):
        self._call()

    def prepare(self, needs, *, create=True):
        self._call()
        wanted = {KEY: "text", "x_shared": "text"} | {need.name: need.type for need in needs}
        missing = [name for name in wanted if name not in self.account.properties]
        if create:
            self.account.properties |= {
                name: PropertyDefinition(name, name, wanted[name], unique=name == KEY)
                for name in missing
                if self.names.is_ours(name)
            }
        return [name for name in missing if name not in self.account.properties]

    def record_address(self):
        return f"{self.access.base_url}/people/{{id}}"

    @staticmethod
    def record_address_of(kind, contacts):
        return contacts.replace("/people/", f"/{kind}/") if kind != "contacts" else contacts

    def granted(self, rights):
        self._call()
        return {right: right not in self.account.denies for right in rights}

    def schema(self, *, since=""):
        self._call()
        stamp = md5(repr(self.account.properties).encode(), usedforsecurity=False).hexdigest()
        return None if stamp == since else Schema(dict(self.account.properties), stamp)

    def owners(self):
        self._call()
        return list(self.account.people)

    def read(self, ids, *, by, properties, history=()):
        if not ids:
            return {}
        self._call()
        found = {}
        records = dict(self.account.records)
        if by == "id":
            records |= {old: records[new] for old, new in self.account.merged.items() if new in records}
        for number, record in records.items():
            asked = {"id": number, "lead": record.get(KEY, ""), "email": record.get(MAIL, "").lower()}[by]
            if asked in ids:
                authors = self.account.changes.get(number, {})
                moments = self.account.changed_at.get(number, {})
                found[asked] = Present(
                    self.account.merged.get(number, number),
                    {name: record[name] for name in {*properties, MAIL} if name in record},
                    record.get(KEY, ""),
                    authors={name: authors[name] for name in history if name in authors},
                    changed_at={name: at for name, at in moments.items() if name in history},
                )
        return found

    def find_contacts(self, emails):
        found = {}
        for start in range(0, len(emails), 100):
            self._call()
            some = {each.lower(): each for each in list(emails)[start : start + 100]}
            for contact in map(self._contact, self.account.records):
                found |= {some[each]: contact for each in contact.emails if each in some}
        return found

    def listing(self, kind, *, after, limit):
        self._call()
        return self._page(sorted(self._all(kind), key=lambda each: int(each.remote_id)), after, limit)

    def deleted(self, kind, *, since, after, limit):
        self._call()
        gone = sorted(self.account.deleted, key=int) if kind == "contacts" else []
        start = int(after or 0)
        more = start + limit < len(gone)
        return DeletedPage(gone[start : start + limit], str(start + limit) if more else "")

    def changed(self, kind, *, since, after, limit):
        self._call()
        recent = [each for each in self._all(kind) if each.modified_at >= since]
        return self._page(sorted(recent, key=lambda each: each.modified_at), after, limit)

    def _all(self, kind):
        if kind == "contacts":
            return [self._contact(number) for number in self.account.records]
        return list({"companies": self.account.companies, "deals": self.account.deals}[kind].values())

    def _contact(self, number):
        record = self.account.records[number]
        return RemoteContact(
            number,
            emails=[record[MAIL].lower()] if record.get(MAIL) else [],
            owner_id=record.get(OWNER, ""),
            lead_status=record.get("stage", ""),
            lead_key=record.get(KEY, ""),
            modified_at=self.account.changed[number],
            merged_ids=[old for old, new in self.account.merged.items() if new == number],
        )

    @staticmethod
    def _page(found, after, limit):
        start = int(after or 0)
        more = start + limit < len(found)
        return RecordPage(found[start : start + limit], str(start + limit) if more else "", total=len(found))

    def touches(self, contact_ids, *, since):
        self._call()
        theirs = [each for each in self.account.touches if each.contact_id in contact_ids]
        return sorted((each for each in theirs if each.at >= since), key=lambda touch: touch.at)

    def write(self, records):
        return self._write(records, self._upsert)

    def adopt(self, records):
        return self._write(records, lambda each: (each.remote_id, False))

    def create_tasks(self, tasks):
        def make(task):
            number = str(next(self.account.numbers))
            self.account.tasks[number] = {"task": task, "open": True}
            return number

        return self._tasks(tasks, make)

    def change_tasks(self, tasks):
        def change(task):
            there = self.account.tasks[task.task_id]
            there["open"] = there["open"] and not task.done
            return task.task_id

        return self._tasks(tasks, change)

    def tasks_of(self, contact_ids):
        self._call()
        found = {}
        for number, each in self.account.tasks.items():
            if each["task"].contact_id in contact_ids:
                known = RemoteTask(number, each["task"].reference, each["open"])
                found.setdefault(each["task"].contact_id, []).append(known)
        return found

    def is_person(self, author):
        return author.source == "person"

    def is_us(self, author, *, recipient):
        return author.source == "program" and author.source_id == "leadops"

    def user_id_of(self, author):
        return author.source_id if author.source == "person" else ""

    def _call(self):
        now = datetime.now(UTC)
        self.access.budget.check(now=now)
        self.access.before_call()
        self.account.calls += 1
        if self.account.calls_left is not None:
            self.account.calls_left -= 1
            self.access.budget.note(
                self.read_limits({"X-Memory-Left": str(self.account.calls_left)}), now=now
            )

    def _lost(self):
        if self.account.loses_answers:
            self.account.loses_answers -= 1
            raise Transient("The answer was lost.", ambiguous=True)

    def _write(self, records, place):
        report = Report()
        if not records:
            return report
        try:
            self._call()
            for each in records:
                self._write_one(each, place, report)
            self._lost()
        except RemoteError as error:
            report.stopped, report.written = error, {}
        return report

    def _write_one(self, each, place, report):
        values = dict(each.properties)
        for name in set(values) - set(self.account.properties):
            report.unknown.setdefault(name, set()).add(each.key)
            del values[name]
        number, is_new = place(each)
        if is_new and each.exists:
            report.gone.add(each.key)
        elif refusal := self._refusal(values):
            report.refused[each.key] = refusal
        elif holder := self._holder(MAIL, values, but=number):
            report.taken[each.key] = self.read([holder], by="id", properties=values)[holder]
        elif not each.anyway and (holder := self._holder(self.account.alike_by, values, but=number)):
            there = self.read([holder], by="id", properties=values)[holder]
            report.alike[each.key] = AlikeRecords("There is somebody like that.", [there], passable=True)
        else:
            number = number or str(next(self.account.numbers))
            self.account.save(number, values | {KEY: each.key}, author=Author("program", "leadops"))
            report.written[each.key] = Written(number, is_new)

    def _upsert(self, each):
        found = (number for number, record in self.account.records.items() if record.get(KEY) == each.key)
        number = next(found, "")
        return number, not number

    def _refusal(self, values):
        if values.get(MAIL) and not re.fullmatch(r"[^@\s]+@[^@\s]+", values[MAIL]):
            return Refusal("That is no address.", {MAIL: "FORMAT"})
        active = {each.remote_id for each in self.account.people if not each.archived}
        if values.get(OWNER) and values[OWNER] not in active:
            return Refusal("There is no such owner.", {OWNER: "OWNER"})
        return None

    def _holder(self, name, values, *, but):
        said = values.get(name, "")
        having = (number for number, record in self.account.records.items() if record.get(name) == said)
        return next((number for number in having if said and number != but), "")

    def _tasks(self, tasks, act):
        report = TaskReport()
        try:
            self._call()
            for task in tasks:
                try:
                    report.done[task.reference] = act(task)
                except KeyError:
                    report.gone.add(task.reference)
            self._lost()
        except Permanent:
            raise
        except RemoteError as error:
            report.stopped, report.done = error, {}
        return report
