"""`python -m tests.drills.mixed [--leads 2000] [--policy keep|route_anew]`: people of whom half are known in the CRM fill in the
form, and the CRM is down for a while meanwhile. Nothing that stands there may be written over against the policy.

Says as JSON what it found, and ends with 1 if anything was written over, doubled or left behind.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.drills import checker, hubspot, reading
from tests.drills.installation import Installation
from tests.drills.talking import UNANSWERED, Server
from tests.drills.traffic import Post, Traffic, strangers

KEEP, ROUTE_ANEW = "keep", "route_anew"
ACTIVE, INACTIVE, STRANGER = "bob@acme.test", "maria@acme.test", "zoe@acme.test"
RECYCLED = "UNQUALIFIED"
AT_ONCE = 500
LEFT = ("waiting", "outbox rows", "due: submissions", "due: outbox", "due: lead_changes", "due: crm_events")
"""What counts as left to do: who is none here or has left is a person's to look at, and owns no lead that is in step."""
LOOKED_AGAIN = 65.0
"""Seconds until whoever was missed has been looked up again: the sweep comes each half minute."""
Made = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of person whom the CRM knows. `keeps`: under which policies their owner there stays."""

    properties: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    keeps: tuple[str, ...] = (KEEP, ROUTE_ANEW)
    deal: bool = False
    company: bool = False
    by_second_address: bool = False


STORIES = {
    "customer with an owner": Story({"lifecyclestage": "customer"}, ACTIVE),
    "customer without an owner": Story({"lifecyclestage": "customer", "hs_lead_status": "OPEN_DEAL"}),
    "open deal": Story({"lifecyclestage": "opportunity", "hs_lead_status": "OPEN_DEAL"}, ACTIVE, deal=True),
    "known, owner active": Story({"hs_lead_status": "CONNECTED"}, ACTIVE),
    "known, owner inactive here": Story({"hs_lead_status": "CONNECTED"}, INACTIVE, keeps=(KEEP,)),
    "known, owner is none here": Story({"hs_lead_status": "IN_PROGRESS"}, STRANGER, keeps=(KEEP,)),
    "known, recycled": Story({"hs_lead_status": RECYCLED}, ACTIVE, keeps=(KEEP,)),
    "known, nobody's": Story({"lifecyclestage": "salesqualifiedlead"}),
    "known by a second address": Story({"hs_lead_status": "CONNECTED"}, ACTIVE, by_second_address=True),
    "of a customer's account": Story(company=True),
}


@dataclass
class Result:
    counts: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    stories: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [what for what, found in self.wrong.items() if found]

    def to_json(self) -> dict[str, Any]:
        wrong = {what: len(found) for what, found in self.wrong.items()}
        examples = {what: found[:5] for what, found in self.wrong.items() if found}
        return {"counts": self.counts, "wrong": wrong, "examples": examples, "who got them": self.stories}


def run(
    folder: Path,
    *,
    leads: int,
    policy: str = KEEP,
    per_second: float = 30,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    def adjust(configuration: Any) -> None:
        connection = configuration["connections"][0]
        connection["known_owner"], connection["recycled"] = policy, [RECYCLED]
        next(one for one in configuration["owners"] if one["email"] == INACTIVE)["active"] = False

    installation = Installation(folder, adjust=adjust)
    people = strangers(leads)
    names = list(STORIES)
    known = {post.number: names[post.number // 2 % len(names)] for post in people if not post.number % 2}
    try:
        installation.start()
        say("making those whom the CRM knows")
        before = _make(installation.sandbox, people, known)
        traffic = Traffic(installation.form, people, per_second, 16)
        since = quote(time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))
        say(f"{leads:,} posts, {len(known):,} of people whom the CRM knows")
        down = threading.Thread(target=_down, args=(installation.sandbox, leads / per_second), daemon=True)
        down.start()
        traffic.run()
        down.join()
        say("waiting until nothing is left to do")
        result = Result()
        left = _settle(installation, since=since)
        result.wrong["left to do"] = [f"{name}: {count}" for name, count in left.items()]
        _check(installation, people, known, before, policy, result)
        return result
    finally:
        installation.end()


def _make(sandbox: Server, people: list[Post], known: Mapping[int, str]) -> dict[int, Made]:
    """Their records as they are when the first one fills in the form, by the person's number."""
    _control(sandbox, "owners", {"email": STRANGER, "name": "Zoe Zimmer"})
    accounts = [post for post in people if known.get(post.number) and STORIES[known[post.number]].company]
    firms = [
        {
            "properties": {
                "name": post.body["company"],
                "domain": post.body["email"].partition("@")[2],
                "lifecyclestage": "customer",
            },
            "owner": ACTIVE,
        }
        for post in accounts
    ]
    _in_parts(sandbox, "companies", firms)
    there = [post for post in people if known.get(post.number) and post not in accounts]
    bodies = []
    for post in there:
        story, email = STORIES[known[post.number]], post.body["email"]
        addresses = {"email": email}
        if story.by_second_address:
            addresses = {"email": f"other.{email}", "hs_additional_emails": email}
        body: dict[str, Any] = {"properties": {**addresses, **story.properties}}
        bodies.append({**body, "owner": story.owner} if story.owner else body)
    ids = dict(zip((post.number for post in there), _in_parts(sandbox, "contacts", bodies), strict=True))
    deals = [
        {"properties": {"dealname": post.body["company"]}, "owner": ACTIVE, "contact": ids[post.number]}
        for post in there
        if STORIES[known[post.number]].deal
    ]
    _in_parts(sandbox, "deals", deals)
    now = {one["id"]: one for one in _contacts(sandbox)}
    return {number: now[remote] for number, remote in ids.items()}


def _down(sandbox: Server, seconds: float) -> None:
    """In the middle of the posts the CRM answers nobody for a fifth of the time."""
    time.sleep(0.4 * seconds)
    fault = {"target": "hubspot", "kind": "status", "status": 503, "seconds": 0.2 * seconds}
    _control(sandbox, "faults", fault)


def _settle(installation: Installation, *, since: str) -> dict[str, float]:
    """What is left to do after LOOKED_AGAIN."""
    time.sleep(LOOKED_AGAIN)
    until, quiet = time.monotonic() + 300, 0
    left: dict[str, float] = {}
    while quiet < 3 and time.monotonic() < until:
        time.sleep(2)
        try:
            left = checker.what_is_left(installation.api, since=since)
        except UNANSWERED as error:
            left = {str(error): 1}
        left = {name: count for name, count in left.items() if name in LEFT}
        quiet = 0 if left else quiet + 1
    return left


def _check(
    installation: Installation,
    people: list[Post],
    known: Mapping[int, str],
    before: Mapping[int, Made],
    policy: str,
    result: Result,
) -> None:
    leads = {lead["email"]: lead for lead in reading.leads(installation.api).values()}
    contacts = _contacts(installation.sandbox)
    by_id = {one["id"]: one for one in contacts}
    by_email = {one["email"]: one for one in contacts}
    owners = hubspot.owners(installation.sandbox)
    wrong: dict[str, list[str]] = {name: [] for name in WRONG}
    for post in people:
        email, name = post.body["email"], known.get(post.number, "new")
        was = before.get(post.number)
        now = by_id.get(was["id"]) if was else by_email.get(email)
        lead = leads.get(email)
        if lead is None or now is None:
            wrong["leads without a record"].append(f"{name}: {email}")
            continue
        here = ((lead["assignment"] or {}).get("owner") or {}).get("email", "a queue")
        result.stories.setdefault(name, {}).setdefault(here, 0)
        result.stories[name][here] += 1
        if now["leadops_lead_id"] != lead["id"]:
            wrong["records not linked"].append(f"{name}: {email} has {now['leadops_lead_id']}")
        there = owners.get(now["hubspot_owner_id"] or "", "")
        stays = was is not None and was["hubspot_owner_id"] and policy in STORIES[name].keeps
        if stays and was is not None and now["hubspot_owner_id"] != was["hubspot_owner_id"]:
            wrong["owners written over"].append(f"{name}: {email} is {there}'s now")
        if not stays and here != "a queue" and there != here:
            wrong["owner there is not the owner here"].append(f"{name}: {email}: {there}, here {here}")
        if stays and here not in (there, "a queue"):
            wrong["owner there is not the owner here"].append(f"{name}: {email}: {there}, here {here}")
        if was is None:
            continue
        for kind, what in (("lifecyclestage", "lifecycles"), ("hs_lead_status", "lead statuses")):
            if was[kind] and now[kind] != was[kind]:
                wrong[f"{what} written over"].append(f"{name}: {email}: {was[kind]} -> {now[kind]}")
    keys = Counter(one["leadops_lead_id"] for one in contacts if one["leadops_lead_id"])
    wrong["leads with two records"] = [key for key, times in keys.items() if times > 1]
    result.counts = {
        "answered 202": sum(bool(post.submission) for post in people),
        "leads": len(leads),
        "records before": len(before),
        "records": len(contacts),
    }
    extra = len(contacts) - (len(people) - len(before)) - len(before)
    wrong["records too many"] = [str(extra)] if extra else []
    result.wrong |= wrong


WRONG = (
    "owners written over", "lifecycles written over", "lead statuses written over", "leads without a record",
    "records not linked", "owner there is not the owner here",
)  # fmt: skip


def _contacts(sandbox: Server) -> list[Made]:
    wanted = "email,hubspot_owner_id,leadops_lead_id,lifecyclestage,hs_lead_status"
    return hubspot.contacts(sandbox, properties=wanted)


def _in_parts(sandbox: Server, kind: str, bodies: list[Any]) -> list[str]:
    ids: list[str] = []
    for start in range(0, len(bodies), AT_ONCE):
        ids += _control(sandbox, f"hubspot/{kind}", bodies[start : start + AT_ONCE])["ids"]
    return ids


def _control(sandbox: Server, path: str, body: Any) -> Any:
    status, answer = sandbox.ask("POST", f"/control/{path}", body)
    assert status < 300, answer
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.mixed", description=__doc__)
    parser.add_argument("--leads", type=int, default=2000)
    parser.add_argument("--policy", choices=(KEEP, ROUTE_ANEW), default=KEEP)
    parser.add_argument("--per-second", type=float, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leadops-mixed-") as folder:
        result = run(
            Path(folder),
            leads=asked.leads,
            policy=asked.policy,
            per_second=asked.per_second,
            say=lambda text: print(f"drill: {text}", file=sys.stderr, flush=True),
        )
    print(json.dumps(result.to_json(), indent=1))
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
