"""Stage screen_spam: certain spam ends here; uncertain spam waits a short while for a person, then goes on as unchecked."""

from datetime import timedelta

from django.db.models import Count, Q

from intake.batch import Batch, Work
from intake.models import BlockedSender, Submission
from intake.outcomes import Hold, Stop
from intake.values.mailboxes import domain_of, is_disposable

# How long uncertain spam waits for a person. Wall time: on a closed day it is shorter in working minutes, never longer.
HELD_FOR = timedelta(minutes=15)
VELOCITY_WINDOW = timedelta(hours=1)


def screen_spam(batch: Batch) -> None:
    """Honeypot, blocklists, disposable domains, velocity."""
    works = batch.going()
    blocked = _blocked(works)
    for work in works:
        if work.bot_filled:
            work.outcome = Stop("spam", "A field that people never see was filled in.")
        elif reason := blocked.get(work.submission.pk):
            work.outcome = Stop("spam", reason)
        elif work.submission.unchecked:
            continue  # It has waited for a person; nobody came, or somebody said it is fine.
        elif (domain := _domain(work)) and is_disposable(domain):
            work.outcome = Hold(
                "intake.spam_uncertain",
                f"{work.form.name}: throw-away e-mail address",
                detail={"reason": f"{domain} gives out throw-away addresses."},
                release_at=batch.now + HELD_FOR,
                unchecked=True,
            )
    _screen_velocity(batch)


def _domain(work: Work) -> str:
    return domain_of(str(work.values["email"])) if "email" in work.values else ""


def _blocked(works: list[Work]) -> dict[object, str]:
    emails = {str(work.values["email"]) for work in works if "email" in work.values}
    domains = {domain_of(email) for email in emails}
    ips = {work.submission.ip for work in works if work.submission.ip}
    rows = BlockedSender.objects.filter(
        Q(kind="email", value__in=emails) | Q(kind="domain", value__in=domains) | Q(kind="ip", value__in=ips)
    ).values_list("kind", "value")
    listed = set(rows)
    found: dict[object, str] = {}
    for work in works:
        email = str(work.values.get("email", ""))
        for kind, value in (("email", email), ("domain", _domain(work)), ("ip", work.submission.ip)):
            if (kind, value) in listed:
                found[work.submission.pk] = f"{value} is on the blocklist."
                break
    return found


def _screen_velocity(batch: Batch) -> None:
    """Only forms that set a limit (`VelocityLimits`) are counted, over the last hour."""
    works = [work for work in batch.going() if work.form.velocity and not work.submission.unchecked]
    if not works:
        return
    recent = Submission.objects.filter(
        form__in={work.form.pk for work in works}, received_at__gt=batch.now - VELOCITY_WINDOW
    ).order_by()
    ips = {work.submission.ip for work in works if work.submission.ip}
    per_ip = {
        (form, ip): n
        for form, ip, n in recent.filter(ip__in=ips).values_list("form", "ip").annotate(n=Count("pk"))
    }
    emails = {str(work.values["email"]) for work in works if "email" in work.values}
    # Earlier submissions by their normalized address, and this batch's own, which have none stored yet.
    rows = (
        recent.filter(values__email__in=emails).values_list("form", "values__email").annotate(n=Count("pk"))
    )
    per_email = {(form, email): n for form, email, n in rows}
    for work in works:
        if "email" in work.values and not work.submission.values:
            key = (work.form.pk, work.values["email"])
            per_email[key] = per_email.get(key, 0) + 1
    for work in works:
        limits = work.form.velocity
        seen_ip = per_ip.get((work.form.pk, work.submission.ip), 0)
        seen_email = per_email.get((work.form.pk, work.values.get("email")), 0)
        if seen_ip > (limits.per_ip or seen_ip) or seen_email > (limits.per_email or seen_email):
            work.outcome = Hold(
                "intake.spam_uncertain",
                f"{work.form.name}: too many submissions from one sender",
                detail={"reason": f"{max(seen_ip, seen_email)} submissions within an hour."},
                release_at=batch.now + HELD_FOR,
                unchecked=True,
            )
