"""The independent checker: states what has become of every post, by what an outsider can read. It knows nothing of our code
or database, and asks of each CRM the same."""

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.drills import items, kept, pingpong, reading
from tests.drills.crm import Crm, Record, Task
from tests.drills.deeds import GONE, MOVED, Deed
from tests.drills.findings import Findings
from tests.drills.kept import Leads, owner_of
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
    crms: Sequence[Crm],
    mail: Path,
    posts: Sequence[Post],
    weights: Mapping[str, Mapping[str, int]],
    since: str,
    sampled: int,
    seed: int,
    say: Callable[[str], None],
    deeds: Sequence[Deed] = (),
) -> Findings:
    """`deeds`: what people have done in the CRMs."""
    found = Findings()
    answered = [post for post in posts if post.submission]
    say("reading submissions")
    known = reading.submissions(api, [post.submission for post in answered])
    say("reading leads")
    leads = reading.leads(api)
    _submissions(found, posts, answered, known, leads)
    say("reading stories")
    done = {deed.email: deed for deed in deeds}
    told = reading.stories(api, [pk for pk, lead in leads.items() if lead["email"] in done])
    moved = {pk: told[pk][1] for pk in told if done[leads[pk]["email"]].story in MOVED}
    kept.check(found, deeds, leads=leads, stories=told)
    _stories(
        found,
        api,
        random.Random(seed).sample(sorted(leads), min(sampled, len(leads))),
        moved=moved,
        crms=crms,
    )
    first_owners = {
        lead["email"]: owner_of({"assignment": moved[pk][0]} if pk in moved else lead)
        for pk, lead in leads.items()
    }
    for crm in crms:
        say(f"reading {crm.label}")
        here = {email: deed for email, deed in done.items() if deed.crm == crm.key}
        gone = {
            pk for pk, lead in leads.items() if lead["email"] in here and here[lead["email"]].story in GONE
        }
        records = crm.records(sandbox)
        _records(found, crm, leads, records, gone=gone)
        _tasks(found, crm, leads, records, crm.tasks(sandbox), done=here, gone=gone)
        kept.check_in(found, crm, deeds, leads=leads, records=records, stories=told)
        written = crm.written(sandbox, [one.id for one in records])
        pingpong.check(found, crm, records=records, written=written, done=done, first_owners=first_owners)
    say("reading mails")
    _mails(found, leads, list(reading.mails(mail)), moved=moved)
    _fairness(found, leads, weights, moved=moved)
    items.check(
        found,
        reading.exceptions(api),
        gone={
            pk for pk, lead in leads.items() if lead["email"] in done and done[lead["email"]].story in GONE
        },
    )
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


def _records(
    found: Findings, crm: Crm, leads: Leads, records: Sequence[Record], *, gone: Collection[str]
) -> None:
    by_email = Counter(one.email for one in records)
    owners = {lead["email"]: owner_of(lead) for lead in leads.values()}
    there = {lead["email"] for pk, lead in leads.items() if pk not in gone}
    found.counts[f"{crm.label}: records"] = len(records)
    found.say(f"{crm.label}: leads without a record", there - set(by_email))
    found.say(f"{crm.label}: records doubled", [each for each, count in by_email.items() if count > 1])
    found.say(f"{crm.label}: records of nobody", set(by_email) - set(owners))
    found.say(
        f"{crm.label}: records of another lead",
        [one.email for one in records if leads.get(one.lead, {}).get("email") != one.email],
    )
    found.say(
        f"{crm.label}: owner there is not the owner here",
        [
            (one.email, one.owner, owners.get(one.email))
            for one in records
            if one.owner != (owners.get(one.email) or "")
        ],
    )
    copies = {
        pk: {one["remote_id"] for one in lead["crm"] if one["connection"] == crm.key and one["in_sync"]}
        for pk, lead in leads.items()
        if pk not in gone
    }
    found.say(
        f"{crm.label}: leads that say they are not in step",
        [leads[pk]["email"] for pk, ids in copies.items() if not ids],
    )
    found.say(
        f"{crm.label}: leads that lead to another record there",
        [
            (one.email, one.id, copies[one.lead])
            for one in records
            if copies.get(one.lead) and one.id not in copies[one.lead]
        ],
    )


def _tasks(
    found: Findings,
    crm: Crm,
    leads: Leads,
    records: Sequence[Record],
    tasks: Sequence[Task],
    *,
    done: Mapping[str, Deed],
    gone: Collection[str],
) -> None:
    """The task of a record that people took away may be left behind; one that was merged into another lead's hangs there."""
    found.counts[f"{crm.label}: tasks"] = len(tasks)
    by_id = {one.id: one for one in records}
    of_leads = Counter(task.lead for task in tasks if task.lead)
    merged = Counter(deed.into for deed in done.values() if deed.into)
    per_record = Counter(about for task in tasks for about in task.records)
    found.say(f"{crm.label}: leads without a task", set(leads) - set(of_leads) - set(gone))
    found.say(
        f"{crm.label}: tasks doubled",
        [lead for lead, count in of_leads.items() if count > 1]
        + [one.email for number, one in by_id.items() if per_record[number] > 1 + merged[one.email]],
    )
    here = [task for task in tasks if task.lead not in gone]
    found.say(f"{crm.label}: tasks of no record", [task for task in here if not task.records & set(by_id)])
    found.say(
        f"{crm.label}: tasks of another owner or record",
        [
            task
            for task in here
            for about in task.records & set(by_id)
            if (task.owner, task.lead) != (by_id[about].owner, by_id[about].lead)
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


def _stories(
    found: Findings, api: Server, sampled: Sequence[str], *, moved: Collection[str], crms: Sequence[Crm]
) -> None:
    """Each tells of a record made in each CRM."""
    stories = reading.stories(api, sampled)
    found.counts["leads whose story was read"] = len(stories)
    changed = [lead for lead, (_, owners) in stories.items() if len(owners) != 1 and lead not in moved]
    found.say("leads that changed hands", changed)
    repeated = []
    for lead, (timeline, _) in stories.items():
        verbs = Counter(entry["verb"] for entry in timeline)
        times = {"routing.assigned": 1, "routing.clock_started": 1, "crm_sync.created": len(crms)}
        repeated += [(lead, verb, verbs[verb]) for verb, count in times.items() if verbs[verb] != count]
    found.say("stories that tell a thing twice or never", repeated)


def _gauge(text: str, name: str) -> float:
    lines = (line for line in text.splitlines() if line.startswith(name))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
