"""The independent checker: states what has become of every post, by what an outsider can read. It knows nothing of our code
or database."""

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drills import reading
from tests.drills.talking import UNANSWERED, Server
from tests.drills.traffic import Post

NEW, REMINDER = "New lead", "Reminder"
ALLOWED = ("mails sent twice",)
"""What cannot be excluded where a channel knows no ids: said, and no failure."""
EXAMPLES = 5
ITSELF = "leadops"


@dataclass
class Findings:
    """`counts` are what there is, `wrong` what should be 0, `examples` a few of each that is not."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    fairness: dict[str, dict[str, Any]] = field(default_factory=dict)
    exceptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [what for what, count in self.wrong.items() if count and what not in ALLOWED]

    def say(self, what: str, found: Collection[object]) -> None:
        """`found` should be empty."""
        self.wrong[what] = len(found)
        if found:
            self.examples[what] = [str(each) for each in list(found)[:EXAMPLES]]


def wait_until_quiet(api: Server, *, since: str, remind_after: float, seconds: float) -> float | None:
    """Seconds until nothing is due, waiting or open any more, counted from now; None if that did not come.

    Not before the last reminder is due, `remind_after` seconds after the last lead was handed off."""
    begin, quiet, not_before = time.monotonic(), 0, time.time() + remind_after
    while time.monotonic() - begin < seconds:
        try:
            left = what_is_left(api, since=since)
            quiet = quiet + 1 if not left else 0
            if "waiting" in left:
                not_before = time.time() + remind_after
        except UNANSWERED:
            quiet, not_before = 0, time.time() + remind_after
        # Twice in a row: a row may have been on its way from one sweep to the next.
        if quiet >= 2 and time.time() > not_before:
            return time.monotonic() - begin
        time.sleep(3)
    return None


def what_is_left(api: Server, *, since: str) -> dict[str, float]:
    """By name, without what is 0. Raises one of UNANSWERED."""
    totals = api.get(f"/api/v1/metrics/handoff?since={since}")["total"]["counts"]
    due = api.get("/readyz")["oldest_due_seconds"]
    text = api.get("/metrics")
    left = {
        "waiting": totals["waiting"],
        "not in the CRM": totals["handed_off"] - totals["in_crm"],
        "nobody told": totals["handed_off"] - totals["notified"],
        "open exceptions": _gauge(text, "leadops_open_exceptions"),
        "outbox rows": _gauge(text, "leadops_outbox_pending") + _gauge(text, "leadops_outbox_dead"),
        **{f"due: {name}": age for name, age in due.items()},
    }
    return {name: count for name, count in left.items() if count}


def check(
    *,
    api: Server,
    sandbox: Server,
    mail: Path,
    posts: Sequence[Post],
    weights: Mapping[str, Mapping[str, int]],
    since: str,
    sampled: int,
    seed: int,
    say: Callable[[str], None],
) -> Findings:
    found = Findings()
    answered = [post for post in posts if post.submission]
    say("reading submissions")
    known = reading.submissions(api, [post.submission for post in answered])
    say("reading leads")
    leads = reading.leads(api)
    _submissions(found, posts, answered, known, leads)
    say("reading the CRM")
    _crm(found, leads, sandbox)
    say("reading mails")
    _mails(found, leads, list(reading.mails(mail)))
    _fairness(found, leads, weights)
    say("reading stories")
    _stories(found, api, random.Random(seed).sample(sorted(leads), min(sampled, len(leads))))
    _exceptions(found, reading.exceptions(api))
    total = api.get(f"/api/v1/metrics/handoff?since={since}")["total"]
    found.steps = total["steps"]
    found.counts["submissions by the metrics"] = total["counts"]["received"]
    return found


def _submissions(
    found: Findings,
    posts: Sequence[Post],
    answered: Sequence[Post],
    known: Mapping[str, Any],
    leads: Mapping[str, Any],
) -> None:
    ids = Counter(post.submission for post in answered)
    by_email = Counter(lead["email"] for lead in leads.values())
    right = {post.body["email"] for post in answered}
    found.counts |= {"posts": len(posts), "answered 202": len(answered), "leads": len(leads)}
    found.say("posts never answered", [post.body["email"] for post in posts if not post.submission])
    found.say("posts refused", [post.refused for post in posts if post.refused])
    found.say("one submission for two posts", [one for one, count in ids.items() if count > 1])
    found.say("lost: answered and not known", [one for one in ids if one not in known])
    found.say(
        "not handed off",
        [(one, row["status"]) for one, row in known.items() if row["status"] != "handed_off"],
    )
    found.say("lost: answered and no lead", right - set(by_email))
    found.say("leads doubled", [each for each, count in by_email.items() if count > 1])
    found.say(
        "submission of another lead",
        [
            post.submission
            for post in answered
            if (lead := leads.get(known.get(post.submission, {}).get("lead_id")))
            and lead["email"] != post.body["email"]
        ],
    )


def _crm(found: Findings, leads: Mapping[str, Any], sandbox: Server) -> None:
    contacts, tasks = reading.contacts(sandbox), reading.tasks(sandbox)
    people = reading.crm_owners(sandbox)
    found.counts |= {"contacts in the CRM": len(contacts), "tasks in the CRM": len(tasks)}
    by_email = Counter(contact["email"] for contact in contacts)
    emails = {lead["email"] for lead in leads.values()}
    owners = {lead["email"]: _owner(lead) for lead in leads.values()}
    found.say("leads without a contact", emails - set(by_email))
    found.say("contacts doubled", [each for each, count in by_email.items() if count > 1])
    found.say("contacts of nobody", set(by_email) - emails)
    found.say(
        "contacts of another lead",
        [
            contact["email"]
            for contact in contacts
            if leads.get(contact.get("leadops_lead_id") or "", {}).get("email") != contact["email"]
        ],
    )
    found.say(
        "owner in the CRM is not the owner here",
        [
            (contact["email"], people.get(contact["hubspot_owner_id"] or ""), owners.get(contact["email"]))
            for contact in contacts
            if people.get(contact["hubspot_owner_id"] or "") != owners.get(contact["email"])
        ],
    )
    found.say(
        "leads that say they are not in step",
        [lead["email"] for lead in leads.values() if not all(one["in_sync"] for one in lead["crm"])],
    )
    per_contact = Counter(about for about, _ in tasks)
    of_contacts = {contact["id"]: contact for contact in contacts}
    found.say("leads without a task", set(of_contacts) - set(per_contact))
    found.say("tasks doubled", [each for each, count in per_contact.items() if each and count > 1])
    found.say("tasks of no contact", [each for each in tasks if each[0] not in of_contacts])
    found.say(
        "tasks of another owner",
        [
            each
            for each in tasks
            if each[0] in of_contacts and of_contacts[each[0]]["hubspot_owner_id"] != each[1]
        ],
    )


def _mails(found: Findings, leads: Mapping[str, Any], mails: Sequence[reading.Mail]) -> None:
    found.counts["mails"] = len(mails)
    twice = []
    other_ids = []
    for kind in (NEW, REMINDER):
        per_lead: dict[str, list[reading.Mail]] = {}
        for mail in mails:
            if mail.kind == kind and mail.lead:
                per_lead.setdefault(mail.lead, []).append(mail)
        found.counts[f"leads with a mail “{kind}”"] = len(per_lead)
        found.say(f"leads without a mail “{kind}”", set(leads) - set(per_lead))
        found.say(
            f"mails “{kind}” to another person than the owner",
            [
                (lead, mail.to)
                for lead, several in per_lead.items()
                for mail in several
                if lead in leads and mail.to != _owner(leads[lead])
            ],
        )
        doubled = {lead: several for lead, several in per_lead.items() if len(several) > 1}
        twice += [(kind, lead) for lead in doubled]
        other_ids += [
            (kind, lead)
            for lead, several in doubled.items()
            if len({mail.message_id for mail in several}) > 1
        ]
    found.say("mails sent twice", twice)
    found.say("mails sent twice under another Message-ID", other_ids)
    found.counts["mails about no lead (alerts)"] = sum(not mail.lead for mail in mails)


def _fairness(found: Findings, leads: Mapping[str, Any], weights: Mapping[str, Mapping[str, int]]) -> None:
    """By the theorem nobody is a whole lead off, where the same people could always be picked."""
    off, given = [], {rule: Counter[str]() for rule in weights}
    elsewhere = []
    for lead in leads.values():
        owner, rule = _owner(lead), (lead["assignment"] or {}).get("rule")
        if rule in weights and owner in weights[rule]:
            given[rule][owner] += 1
        else:
            elsewhere.append((lead["email"], rule, owner))
    for rule, members in weights.items():
        all_of_it = sum(given[rule].values())
        for owner, weight in members.items():
            due, got = all_of_it * weight / sum(members.values()), given[rule][owner]
            found.fairness[f"{rule}: {owner}"] = {"weight": weight, "got": got, "due": round(due, 2)}
            if abs(got - due) >= 1:
                off.append((rule, owner, got, due))
    found.say("owners that are a lead or more off", off)
    found.say("leads that went to nobody of a rotation", elsewhere)


def _stories(found: Findings, api: Server, sampled: Sequence[str]) -> None:
    stories = reading.stories(api, sampled)
    found.counts["leads whose story was read"] = len(stories)
    moved = [lead for lead, (_, owners) in stories.items() if len(owners) != 1]
    found.say("leads that changed hands", moved)
    repeated = []
    for lead, (timeline, _) in stories.items():
        verbs = Counter(entry["verb"] for entry in timeline)
        once = ("routing.assigned", "routing.clock_started", "crm_sync.created")
        repeated += [(lead, verb, verbs[verb]) for verb in once if verbs[verb] != 1]
    found.say("stories that tell a thing twice or never", repeated)


def _exceptions(found: Findings, items: Sequence[Mapping[str, Any]]) -> None:
    for item in items:
        kind = found.exceptions.setdefault(item["kind"], {"items": 0, "times": 0, "left": 0})
        kind["items"] += 1
        kind["times"] += item["count"]
        kind["left"] += item["status"] not in ("resolved", "dismissed")
    left = [item for item in items if item["status"] not in ("resolved", "dismissed")]
    found.say(
        "exceptions that did not close by themselves",
        [(item["kind"], item["cause"], item["subject"]["label"]) for item in left],
    )
    found.say(
        "exceptions that a person closed",
        [item["id"] for item in items if item["resolved_by"] not in (None, "", ITSELF)],
    )


def _owner(lead: Mapping[str, Any]) -> str | None:
    owner = (lead["assignment"] or {}).get("owner")
    return owner["email"] if owner else None


def _gauge(text: str, name: str) -> float:
    lines = (line for line in text.splitlines() if line.startswith(name))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
