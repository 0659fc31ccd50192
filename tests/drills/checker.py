"""The independent checker: states what has become of every post, by what an outsider can read. It knows nothing of our code
or database."""

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.drills import items, kept, reading
from tests.drills.findings import Findings
from tests.drills.kept import Leads, owner_of
from tests.drills.people import GONE, MOVED, Deed
from tests.drills.talking import UNANSWERED, Server
from tests.drills.traffic import Post

NEW, REMINDER = "New lead", "Reminder"


def wait_until_quiet(
    api: Server, *, since: str, remind_after: float, seconds: float, gone: int = 0
) -> float | None:
    """Seconds until nothing is due, waiting or open any more, counted from now; None if that did not come. `gone` as below.

    Not before the last reminder is due, `remind_after` seconds after the last lead was handed off: by the clock of the worker
    that did so, which may be ahead of ours."""
    begin, quiet, not_before = time.monotonic(), 0, time.time() + remind_after
    while time.monotonic() - begin < seconds:
        try:
            left = what_is_left(api, since=since, gone=gone)
            quiet = quiet + 1 if not left else 0
            if "waiting" in left:
                not_before = time.time() + remind_after
            # Twice in a row: a row may have been on its way from one sweep to the next.
            if quiet >= 2 and time.time() > not_before:
                not_before = _last_given(api) + remind_after
                if time.time() > not_before:
                    return time.monotonic() - begin
        except UNANSWERED:
            quiet, not_before = 0, time.time() + remind_after
        time.sleep(3)
    return None


def _last_given(api: Server) -> float:
    """When the last lead got its owner, in Unix time by the clock of whatever gave it. Raises one of UNANSWERED."""
    at = [lead["assignment"]["assigned_at"] for lead in reading.leads(api).values() if lead["assignment"]]
    return max((datetime.fromisoformat(one).timestamp() for one in at), default=0.0)


def what_is_left(api: Server, *, since: str, gone: int = 0) -> dict[str, float]:
    """By name, without what is 0. `gone`: so many records people took away in the CRM, and each asks. Raises one of
    UNANSWERED."""
    totals = api.get(f"/api/v1/metrics/handoff?since={since}")["total"]["counts"]
    due = api.get("/readyz")["oldest_due_seconds"]
    text = api.get("/metrics")
    left = {
        "waiting": totals["waiting"],
        "not in the CRM": totals["handed_off"] - totals["in_crm"],
        "nobody told": totals["handed_off"] - totals["notified"],
        "open exceptions": _gauge(text, "leadops_open_exceptions") - gone,
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
    deeds: Sequence[Deed] = (),
) -> Findings:
    """`deeds`: what people have done in the CRM."""
    found = Findings()
    answered = [post for post in posts if post.submission]
    say("reading submissions")
    known = reading.submissions(api, [post.submission for post in answered])
    say("reading leads")
    leads = reading.leads(api)
    _submissions(found, posts, answered, known, leads)
    say("reading the CRM")
    done = {deed.email: deed for deed in deeds}
    gone = {pk for pk, lead in leads.items() if lead["email"] in done and done[lead["email"]].story in GONE}
    contacts, people = reading.contacts(sandbox), reading.crm_owners(sandbox)
    _contacts(found, leads, contacts, people, gone=gone)
    _tasks(found, leads, contacts, reading.tasks(sandbox), done=done, gone=gone)
    say("reading stories")
    told = reading.stories(api, [pk for pk, lead in leads.items() if lead["email"] in done])
    moved = {pk: told[pk][1] for pk in told if done[leads[pk]["email"]].story in MOVED}
    kept.check(found, deeds, leads=leads, contacts=contacts, owners=people, stories=told)
    _stories(found, api, random.Random(seed).sample(sorted(leads), min(sampled, len(leads))), moved=moved)
    say("reading mails")
    _mails(found, leads, list(reading.mails(mail)), moved=moved)
    _fairness(found, leads, weights, moved=moved)
    items.check(found, reading.exceptions(api), gone=gone)
    total = api.get(f"/api/v1/metrics/handoff?since={since}")["total"]
    found.steps = total["steps"]
    found.counts["submissions by the metrics"] = total["counts"]["received"]
    return found


def _submissions(
    found: Findings,
    posts: Sequence[Post],
    answered: Sequence[Post],
    known: Mapping[str, Any],
    leads: Leads,
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


def _contacts(
    found: Findings,
    leads: Leads,
    contacts: Sequence[Mapping[str, Any]],
    people: Mapping[str, str],
    *,
    gone: Collection[str],
) -> None:
    by_email = Counter(contact["email"] for contact in contacts)
    owners = {lead["email"]: owner_of(lead) for lead in leads.values()}
    there = {lead["email"] for pk, lead in leads.items() if pk not in gone}
    found.counts["contacts in the CRM"] = len(contacts)
    found.say("leads without a contact", there - set(by_email))
    found.say("contacts doubled", [each for each, count in by_email.items() if count > 1])
    found.say("contacts of nobody", set(by_email) - set(owners))
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
        [
            lead["email"]
            for pk, lead in leads.items()
            if pk not in gone and not all(one["in_sync"] for one in lead["crm"])
        ],
    )


def _tasks(
    found: Findings,
    leads: Leads,
    contacts: Sequence[Mapping[str, Any]],
    tasks: Sequence[reading.Task],
    *,
    done: Mapping[str, Deed],
    gone: Collection[str],
) -> None:
    """The task of a record that people took away may be left behind; one that was merged into another lead's hangs there."""
    found.counts["tasks in the CRM"] = len(tasks)
    of_contacts = {contact["id"]: contact for contact in contacts}
    of_leads = Counter(task.lead for task in tasks if task.lead)
    merged = Counter(deed.into for deed in done.values() if deed.into)
    per_contact = Counter(about for task in tasks for about in task.contacts)
    found.say("leads without a task", set(leads) - set(of_leads) - set(gone))
    found.say(
        "tasks doubled",
        [lead for lead, count in of_leads.items() if count > 1]
        + [
            contact["email"]
            for number, contact in of_contacts.items()
            if per_contact[number] > 1 + merged[contact["email"]]
        ],
    )
    here = [task for task in tasks if task.lead not in gone]
    found.say("tasks of no contact", [task for task in here if not task.contacts & set(of_contacts)])
    found.say(
        "tasks of another owner or contact",
        [
            task
            for task in here
            for about in task.contacts & set(of_contacts)
            if (task.owner, task.lead)
            != (of_contacts[about]["hubspot_owner_id"], of_contacts[about]["leadops_lead_id"])
        ],
    )


def _mails(
    found: Findings, leads: Leads, mails: Sequence[reading.Mail], *, moved: Mapping[str, Sequence[Any]]
) -> None:
    """Each owner that a lead has had hears of it, unless it was theirs for a moment only; the last one always does."""
    found.counts["mails"] = len(mails)
    twice, other_ids = [], []
    for kind in (NEW, REMINDER):
        per_lead: dict[str, list[reading.Mail]] = {}
        for mail in mails:
            if mail.kind == kind and mail.lead:
                per_lead.setdefault(mail.lead, []).append(mail)
        found.counts[f"leads with a mail “{kind}”"] = len(per_lead)
        untold = set(leads) - set(per_lead)
        # What an owner was to be reminded of is called off when it goes to another, who has just heard of it.
        untold -= set(moved) if kind == REMINDER else set()
        found.say(f"leads without a mail “{kind}”", untold)
        had = {
            pk: [owner_of({"assignment": row}) for row in moved[pk]] if pk in moved else [owner_of(leads[pk])]
            for pk in leads
        }
        found.say(
            f"mails “{kind}” to another person than the owner",
            [
                (lead, mail.to)
                for lead, several in per_lead.items()
                for mail in several
                if lead in leads and mail.to not in had[lead]
            ]
            + [
                (pk, "the last owner was not told")
                for pk in moved
                if kind == NEW and had[pk][-1] not in [mail.to for mail in per_lead.get(pk, [])]
            ],
        )
        for lead, several in per_lead.items():
            for to, count in Counter(mail.to for mail in several).items():
                if count > max(1, had.get(lead, []).count(to)):
                    twice.append((kind, lead))
                    if len({mail.message_id for mail in several if mail.to == to}) > 1:
                        other_ids.append((kind, lead))
    found.say("mails sent twice", twice)
    found.say("mails sent twice under another Message-ID", other_ids)
    found.counts["mails about no lead (alerts)"] = sum(not mail.lead for mail in mails)


def _fairness(
    found: Findings,
    leads: Leads,
    weights: Mapping[str, Mapping[str, int]],
    *,
    moved: Mapping[str, Sequence[Any]],
) -> None:
    """By the theorem nobody is a whole lead off, where the same people could always be picked. What people move costs no turn."""
    off, given = [], {rule: Counter[str]() for rule in weights}
    elsewhere = []
    for pk, lead in leads.items():
        first = moved[pk][0] if pk in moved else lead["assignment"] or {}
        owner, rule = owner_of({"assignment": first}), first.get("rule")
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


def _stories(found: Findings, api: Server, sampled: Sequence[str], *, moved: Collection[str]) -> None:
    stories = reading.stories(api, sampled)
    found.counts["leads whose story was read"] = len(stories)
    changed = [lead for lead, (_, owners) in stories.items() if len(owners) != 1 and lead not in moved]
    found.say("leads that changed hands", changed)
    repeated = []
    for lead, (timeline, _) in stories.items():
        verbs = Counter(entry["verb"] for entry in timeline)
        once = ("routing.assigned", "routing.clock_started", "crm_sync.created")
        repeated += [(lead, verb, verbs[verb]) for verb in once if verbs[verb] != 1]
    found.say("stories that tell a thing twice or never", repeated)


def _gauge(text: str, name: str) -> float:
    lines = (line for line in text.splitlines() if line.startswith(name))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
