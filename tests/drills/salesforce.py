"""Salesforce in a drill: how it fails, what the org does by itself, what people do there, and what stands there."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.drills import deeds
from tests.drills.crm import Call, Connections, Record, Task, Values
from tests.drills.faults import again_and_again, answers, set_there
from tests.drills.installation import WEBHOOK_SECRET, Installation
from tests.drills.talking import Server

CONTROL = "/control/salesforce"
OWNER, KEY = "OwnerId", "leadops_id__c"
US, PROGRAMS = "leadops@acme.test", ("autoproc@acme.test",)
SOMEBODY = "maria@acme.test"
"""Whom the org's assignment rule and its flow mean: nobody of a rotation."""
DAILY_CALLS = 100_000
MAPPINGS: dict[str, Any] = {
    "email": {"property": "Email", "mode": "overwrite"},
    "first_name": {"property": "FirstName", "mode": "if_empty"},
    "last_name": {"property": "LastName", "mode": "if_empty"},
    "company": {"property": "Company", "mode": "if_empty"},
    "job_title": {"property": "Title", "mode": "overwrite"},
    "status": {
        "property": "Status",
        "mode": "overwrite",
        "values": {
            "new": "Open - Not Contacted",
            "working": "Working - Contacted",
            "contacted": "Working - Contacted",
            "disqualified": "Closed - Not Converted",
        },
    },
    "owner": {"property": OWNER, "mode": "overwrite"},
}
_REFERENCE = re.compile(r"Reference: leadops-([0-9a-f-]{36})-")
_ME = "salesforce"


def _rule(code: str, message: str, **more: Any) -> list[tuple[Call, Call]]:
    """Of leads and of tasks."""
    return [
        (
            ("POST", f"{CONTROL}/rules", {"object": each, "code": code, "message": message, **more}),
            ("DELETE", f"{CONTROL}/rules", None),
        )
        for each in ("Lead", "Task")
    ]


class Salesforce:
    key, label = "salesforce", "Salesforce"
    env = {
        "SALESFORCE_TOKEN": "sandbox-consumer-secret",
        "SALESFORCE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    owner_property, programs = OWNER, PROGRAMS
    stories = (
        *[deeds.GIVEN] * 3, deeds.GIVEN_TWICE, deeds.DELETED, deeds.RESTORED, deeds.MERGED, deeds.MERGED_AWAY,
        deeds.CONVERTED, deeds.CONVERTED_AND_GIVEN,
    )  # fmt: skip
    outage, refusals = "Salesforce: out of order", ("Salesforce: nobody is let in",)
    faults = {
        "Salesforce: too many calls at once": answers(
            _ME,
            {
                "kind": "status",
                "status": 403,
                "code": "REQUEST_LIMIT_EXCEEDED",
                "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            },
        ),
        "Salesforce: 503": answers(_ME, {"kind": "status", "status": 503}),
        "Salesforce: a page for people": answers(_ME, {"kind": "html"}),
        "Salesforce: no answer after it has written": answers(
            _ME, {"kind": "timeout_after_commit", "ms": 700, "rate": 0.5}
        ),
        "Salesforce: no answer before it has written": answers(
            _ME, {"kind": "latency", "ms": 9000, "rate": 0.5}, {"kind": "status", "status": 500}
        ),
        "Salesforce: connections reset": answers(_ME, {"kind": "reset", "rate": 0.7}),
        "Salesforce: records fail one by one": answers(_ME, {"kind": "partial", "rate": 0.5}),
        "Salesforce: nobody is let in": answers(_ME, {"kind": "auth"}),
        "Salesforce: sessions end": again_and_again(("DELETE", f"{CONTROL}/sessions", None), each=1.0),
        "Salesforce: another instance": set_there(
            (
                ("POST", f"{CONTROL}/org", {"instance": "EU43"}),
                ("POST", f"{CONTROL}/org", {"instance": "EU42"}),
            )
        ),
        outage: answers(_ME, {"kind": "status", "status": 502}),
        "Salesforce: slow": answers(_ME, {"kind": "latency", "ms": 1500}),
        "Salesforce: rows are locked": set_there(
            *_rule("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        ),
        "Salesforce: a trigger fails in calls of several": set_there(
            *_rule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: System.LimitException", batch_over=3)
        ),
        "Salesforce: storage is full": set_there(
            (
                ("POST", f"{CONTROL}/org", {"storage_full": True}),
                ("POST", f"{CONTROL}/org", {"storage_full": False}),
            )
        ),
        "Salesforce: a flow gives new leads to somebody": set_there(
            (
                (
                    "POST",
                    f"{CONTROL}/flows",
                    {"object": "Lead", "on": ["create"], "owner": SOMEBODY, "by": PROGRAMS[0]},
                ),
                ("DELETE", f"{CONTROL}/flows", None),
            )
        ),
        "Salesforce: everything mixed": answers(
            _ME,
            {"kind": "latency", "ms": 300, "rate": 0.5},
            {"kind": "timeout_after_commit", "ms": 500, "rate": 0.2},
            {"kind": "reset", "rate": 0.2},
            {"kind": "partial", "rate": 0.2},
            {"kind": "status", "status": 500, "rate": 0.2},
        ),
    }
    late_faults = {
        "Salesforce: the calls of the day are used up": set_there(
            (
                ("POST", f"{CONTROL}/org", {"daily_calls": 1}),
                ("POST", f"{CONTROL}/org", {"daily_calls": DAILY_CALLS}),
            )
        )
    }

    def connection(self, demo: Connections, *, primary: bool) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": "salesforce",
            "primary": primary,
            "base_url": demo["base_url"].replace("/hubspot", "/salesforce"),
            "client_id": "sandbox-consumer-key",
            "token_env": "SALESFORCE_TOKEN",
            "webhook_secret_env": "SALESFORCE_WEBHOOK_SECRET",
            "system_of_record": dict(demo["system_of_record"]),
            "mappings": MAPPINGS,
            "task": dict(demo["task"]),
        }

    def set_up(self, installation: Installation) -> None:
        """An org as it is found: leads are assigned by a rule, duplicates warned of, and changes told of three times and out of
        order."""
        hook = f"http://127.0.0.1:{installation.port}/api/v1/webhooks/{self.key}?token={WEBHOOK_SECRET}"
        message = {"url": hook, "fields": ["Id", "LastModifiedDate"], "repeats": 2, "disorder": True}
        for path, body in (
            ("assignment_rule", {"owner": SOMEBODY}),
            ("duplicate_rules", {"object": "Lead", "action": "alert"}),
            ("outbound_messages", {"object": "Lead", **message}),
            # Of whom a lead was converted into.
            ("outbound_messages", {"object": "Contact", **message}),
        ):
            installation.sandbox.post(f"{CONTROL}/{path}", body)

    # -- what stands there -------------------------------------------------------------------------

    def records(self, sandbox: Server) -> list[Record]:
        """Leads, and the contacts that leads were converted into."""
        people, leads = owners(sandbox), list(rows(sandbox, "Lead"))
        keys = {
            one["fields"]["ConvertedContactId"]: one["fields"].get(KEY, "")
            for one in leads
            if one["fields"].get("IsConverted") and not one["deleted"]
        }
        found = [
            _record(one, people, one["fields"].get(KEY, ""))
            for one in leads
            if not one["deleted"] and not one["fields"].get("IsConverted")
        ]
        return found + [
            _record(one, people, keys.get(one["id"], ""))
            for one in rows(sandbox, "Contact")
            if not one["deleted"]
        ]

    def tasks(self, sandbox: Server) -> list[Task]:
        people, found = owners(sandbox), []
        for one in rows(sandbox, "Task"):
            fields = one["fields"]
            if not one["deleted"]:
                reference = _REFERENCE.search(fields.get("Description", ""))
                who = frozenset([fields["WhoId"]] if fields.get("WhoId") else [])
                owner = people.get(fields.get(OWNER, ""), "")
                found.append(Task(one["id"], who, owner, reference[1] if reference else ""))
        return found

    def written(self, sandbox: Server, ids: Sequence[str]) -> dict[str, dict[str, Values]]:
        """Of a contact since it was one."""
        people, wanted = owners(sandbox), set(ids)
        found: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        for kind in ("Lead", "Contact"):
            for change in _changes(sandbox, kind):
                if change["id"] in wanted:
                    by = "" if change["by"] == US else change["by"]
                    for name, value in change["fields"].items():
                        said = str(value or "")
                        shown = people.get(said, said) if name == OWNER else said
                        found[change["id"]][name].append((shown, by))
        return {each: dict(several) for each, several in found.items()}

    def look(self, sandbox: Server, email: str) -> Record | None:
        """A contact before a lead."""
        for kind in ("Contact", "Lead"):
            found = sandbox.get(f"{CONTROL}/{kind}/{email}?field=Email", missing={})
            if found:
                return _record(found, owners(sandbox), found["fields"].get(KEY, ""))
        return None

    # -- what people do ----------------------------------------------------------------------------

    def give(self, record: Record, owner: str, by: str) -> Call:
        return "POST", f"{_path(record)}/owner", {"owner": owner, "by": by}

    def delete(self, record: Record, *, erase: bool = False) -> Call:
        return "DELETE", _path(record), None

    def restore(self, record: Record) -> Call:
        return "POST", f"{_path(record)}/undelete", {}

    def make(self, email: str, by: str) -> Call:
        fields = {"Email": email, "LastName": "Stranger", "Company": "Stranger Works"}
        return "POST", f"{CONTROL}/Lead", {"fields": fields, "by": by}

    def merge(self, kept: Record, other: Record, by: str) -> Call:
        return "POST", f"{CONTROL}/Lead/merge", {"master": kept.id, "others": [other.id], "by": by}

    def are_one(self, sandbox: Server, kept: Record, other: Record) -> bool:
        fields = sandbox.get(f"{CONTROL}/Lead/{other.id}")["fields"]
        return bool(fields.get("MasterRecordId") == kept.id)

    def convert(self, record: Record, by: str) -> Call:
        return "POST", f"{CONTROL}/Lead/{record.id}/convert", {"by": by}


def owners(sandbox: Server) -> dict[str, str]:
    """id -> e-mail address, "" for our own user, who stands for nobody. By control, which no fault strikes."""
    return {
        one["id"]: "" if one["fields"]["Username"] == US else one["fields"]["Email"]
        for one in rows(sandbox, "User")
    }


def rows(sandbox: Server, kind: str) -> Iterator[dict[str, Any]]:
    after = ""
    while after is not None:
        page = sandbox.get(f"{CONTROL}/{kind}?after={after}")
        yield from page["records"]
        after = page["after"]


def _changes(sandbox: Server, kind: str) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        page = sandbox.get(f"{CONTROL}/{kind}/changes?after={after}")
        yield from page["changes"]
        after = page["after"]


def _record(one: Any, people: dict[str, str], lead: str) -> Record:
    fields = one["fields"]
    return Record(one["id"], fields.get("Email", ""), people.get(fields.get(OWNER, ""), ""), lead)


def _path(record: Record) -> str:
    """What a record is, its id says."""
    return f"{CONTROL}/{'Contact' if record.id.startswith('003') else 'Lead'}/{record.id}"
