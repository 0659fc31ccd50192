"""`python -m tests.drills.mixed [--crm hubspot|salesforce|both] [--leads 2000] [--policy keep|route_anew]`: people of whom half
are known in the CRM fill in the form, and the CRM is down for a while meanwhile. Nothing that stands there may be written over
against the policy. Of two CRMs, each knows a third of them alone and the last third stands in both, and they are down one after
the other.

Says as JSON what it found, and ends with 1 if anything was written over, doubled or left behind.
"""

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.drills import checker, reading
from tests.drills.drill import connected
from tests.drills.installation import Installation
from tests.drills.known import INACTIVE, KEEP, ROUTE_ANEW, KnownPeople, Standing, Story, control
from tests.drills.known_in_hubspot import KnownInHubSpot
from tests.drills.known_in_salesforce import KnownInSalesforce
from tests.drills.talking import UNANSWERED, Server
from tests.drills.traffic import Post, Traffic, strangers

CRMS: Mapping[str, Sequence[type[KnownPeople]]] = {
    "hubspot": (KnownInHubSpot,),
    "salesforce": (KnownInSalesforce,),
    "both": (KnownInHubSpot, KnownInSalesforce),
}
"""The first one is the primary one."""
LEFT = ("waiting", "outbox rows", "due: submissions", "due: outbox", "due: lead_changes", "due: crm_events")
"""What counts as left to do: who is none here or has left is a person's to look at, and owns no lead that is in step."""
LOOKED_AGAIN = 65.0
"""Seconds until whoever was missed has been looked up again: the sweep comes each half minute."""
READ_WITHIN = 120.0
"""Seconds that the first reading of an empty CRM may take."""
QUEUE = "a queue"
WRONG = (
    "owners written over", "values written over", "leads without a record", "leads with two records", "records not linked",
    "owner there is not the owner here", "clocks of those who buy",
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Place:
    """One CRM, whom it knows by the person's number, and their records as they are when the first one fills in the form."""

    people: KnownPeople
    known: Mapping[int, str]
    before: dict[int, Standing] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.people.crm.key

    def story(self, number: int) -> Story | None:
        name = self.known.get(number)
        return self.people.stories[name] if name else None

    def make(self, sandbox: Server, posts: Sequence[Post]) -> None:
        told = [(post, story) for post in posts if (story := self.story(post.number))]
        ids = self.people.make(sandbox, told)
        there = {one.id: one for one in self.people.standing(sandbox)}
        self.before.update({number: there[each] for number, each in ids.items()})


def run(
    folder: Path,
    *,
    leads: int,
    crm: str = "hubspot",
    policy: str = KEEP,
    per_second: float = 30,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    posts = strangers(leads)
    kinds = [kind() for kind in CRMS[crm]]
    places = [Place(people, _known(people, posts, place, len(kinds))) for place, people in enumerate(kinds)]

    def adjust(configuration: Any) -> None:
        for connection, people in zip(configuration["connections"], kinds, strict=True):
            connection["known_owner"], connection["recycled"] = policy, list(people.recycled)
        next(one for one in configuration["owners"] if one["email"] == INACTIVE)["active"] = False

    installation = connected(folder, [people.crm for people in kinds], adjust=adjust)
    try:
        installation.start()
        _wait_until_read(installation, places)
        say("making those whom the CRM knows")
        for place in places:
            place.make(installation.sandbox, posts)
        traffic = Traffic(installation.form, posts, per_second, 16)
        since = quote(time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))
        known = {number for place in places for number in place.known}
        say(f"{leads:,} posts, {len(known):,} of people whom the CRM knows")
        seconds = leads / per_second
        down = threading.Thread(target=_down, args=(installation.sandbox, places, seconds), daemon=True)
        down.start()
        traffic.run()
        down.join()
        say("waiting until nothing is left to do")
        result = Result()
        left = _settle(installation, since=since)
        result.wrong["left to do"] = [f"{name}: {count}" for name, count in left.items()]
        _check(installation, posts, places, policy, result)
        return result
    finally:
        installation.end()


def _wait_until_read(installation: Installation, places: Sequence[Place]) -> None:
    """Each CRM has been read once: from then on what is made there is heard of."""
    wanted = {(place.key, kind) for place in places for kind in ("contacts", "companies", "deals")}
    until = time.monotonic() + READ_WITHIN
    while time.monotonic() < until:
        lags = re.findall(r"leadops_crm_lag_seconds\{([^}]*)\}", installation.api.get("/metrics"))
        if all(any(f'"{key}"' in one and f'"{kind}"' in one for one in lags) for key, kind in wanted):
            return
        time.sleep(0.5)
    raise RuntimeError(f"The CRM was not read within {READ_WITHIN:.0f} s.")


def _known(people: KnownPeople, posts: Sequence[Post], place: int, places: int) -> dict[int, str]:
    """Every other one; of two CRMs, the first third in the first, the second in the second, the last in both."""
    names = list(people.stories)
    found = {}
    for post in posts[::2]:
        turn = post.number // 2
        if (turn // len(names)) % (2 * places - 1) in (place, 2 * places - 2):
            found[post.number] = names[turn % len(names)]
    return found


def _down(sandbox: Server, places: Sequence[Place], seconds: float) -> None:
    """In the middle of the posts each CRM answers nobody for a fifth of the time, one after the other."""
    time.sleep((0.5 - 0.1 * len(places)) * seconds)
    for place in places:
        fault = {"target": place.key, "kind": "status", "status": 503, "seconds": 0.2 * seconds}
        control(sandbox, "faults", fault)
        time.sleep(0.2 * seconds)


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
    installation: Installation, posts: Sequence[Post], places: Sequence[Place], policy: str, result: Result
) -> None:
    leads = {lead["email"]: lead for lead in reading.leads(installation.api).values()}
    wrong: dict[str, list[str]] = {name: [] for name in WRONG}
    for post in posts:
        lead, name = leads.get(post.body["email"]), _name(places, post.number)
        if lead is None:
            wrong["leads without a record"].append(f"{name}: {post.body['email']} is no lead")
            continue
        here = _owner(lead)
        result.stories.setdefault(name, {}).setdefault(here, 0)
        result.stories[name][here] += 1
        if lead["sla"] and any(story and story.buys for story in (one.story(post.number) for one in places)):
            wrong["clocks of those who buy"].append(f"{name}: {post.body['email']}: {lead['sla']}")
    result.counts = {"answered 202": sum(bool(post.submission) for post in posts), "leads": len(leads)}
    for place in places:
        there = place.people.standing(installation.sandbox)
        _check_place(place, there, posts=posts, leads=leads, policy=policy, wrong=wrong)
        result.counts |= {f"{place.key}: before": len(place.before), f"{place.key}: now": len(there)}
        # Whoever is known by a second address stands there under the first one, so their double is seen in the number only.
        twice = [email for email, times in Counter(one.email for one in there).items() if times > 1]
        number = [] if len(there) == len(posts) else [f"{len(there)} records of {len(posts)} people"]
        wrong[f"{place.key}: not one record each"] = twice + number
    result.wrong |= wrong


def _check_place(
    place: Place,
    there: Sequence[Standing],
    *,
    posts: Sequence[Post],
    leads: Mapping[str, Any],
    policy: str,
    wrong: dict[str, list[str]],
) -> None:
    by_id, by_email = {one.id: one for one in there}, {one.email: one for one in there}
    for post in posts:
        email, name = post.body["email"], f"{place.key}: {place.known.get(post.number, 'new')}"
        was, story, lead = place.before.get(post.number), place.story(post.number), leads.get(email)
        now = by_id.get(was.id) if was else by_email.get(email)
        if lead is None or now is None:
            wrong["leads without a record"].append(f"{name}: {email}")
            continue
        linked = {one["connection"]: one["remote_id"] for one in lead["crm"]}.get(place.key)
        if linked != now.id or now.lead not in (None, lead["id"]):
            wrong["records not linked"].append(f"{name}: {email} is {linked}, and {now.id} has {now.lead}")
        here = _owner(lead)
        stays = was is not None and was.owner and story is not None and policy in story.keeps
        if stays and was is not None and now.owner != was.owner:
            wrong["owners written over"].append(f"{name}: {email} is {now.owner}'s now")
        if here not in (QUEUE, now.owner):
            wrong["owner there is not the owner here"].append(f"{name}: {email}: {now.owner}, here {here}")
        for what, value in was.values.items() if was else ():
            if value and now.values.get(what) != value:
                wrong["values written over"].append(
                    f"{name}: {email}: {what} {value} -> {now.values.get(what)}"
                )
    keys = Counter(one.lead for one in there if one.lead)
    wrong["leads with two records"] += [f"{place.key}: {key}" for key, times in keys.items() if times > 1]


def _name(places: Sequence[Place], number: int) -> str:
    """What kind of person it is, and of two CRMs where."""
    found = [(place.key, place.known[number]) for place in places if number in place.known]
    if not found:
        return "new"
    where = f" ({', '.join(key for key, _ in found)})" if len(places) > 1 else ""
    return f"{found[0][1]}{where}"


def _owner(lead: Any) -> str:
    return str(((lead["assignment"] or {}).get("owner") or {}).get("email", QUEUE))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.mixed", description=__doc__)
    parser.add_argument("--crm", choices=CRMS, default="hubspot")
    parser.add_argument("--leads", type=int, default=2000)
    parser.add_argument("--policy", choices=(KEEP, ROUTE_ANEW), default=KEEP)
    parser.add_argument("--per-second", type=float, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leadops-mixed-") as folder:
        result = run(
            Path(folder),
            leads=asked.leads,
            crm=asked.crm,
            policy=asked.policy,
            per_second=asked.per_second,
            say=lambda text: print(f"drill: {text}", file=sys.stderr, flush=True),
        )
    print(json.dumps(result.to_json(), indent=1))
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
