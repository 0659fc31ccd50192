"""Stage screen_spam: certain spam ends here; uncertain spam waits a short while for a person, then goes on as unchecked.

What the person says (`intake.spam_decisions`) stands: spam never comes here again, and what is no spam passes.
"""

from datetime import timedelta

from django.db.models import Count

from intake.batch import Batch
from intake.blocklist import Blocklist
from intake.exception_kinds import SPAM_UNCERTAIN
from intake.models import Submission
from intake.outcomes import Hold, Stop
from intake.pipeline import stage
from intake.values.mailboxes import domain_of, is_disposable

# How long uncertain spam waits for a person. Wall time: on a closed day it is shorter in working minutes, never longer.
HELD_FOR = timedelta(minutes=15)
VELOCITY_WINDOW = timedelta(hours=1)


@stage(needs=("normalize",))
def screen_spam(batch: Batch) -> None:
    """Honeypot, blocklists, disposable domains, velocity."""
    works = [work for work in batch.going() if not work.submission.cleared_by]
    blocklist = Blocklist(emails={str(work.values["email"]) for work in works if "email" in work.values})
    for work in works:
        email = str(work.values.get("email", ""))
        if work.bot_filled:
            work.outcome = Stop("spam", "A field that people never see was filled in.")
        elif blocked := blocklist.blocks(email=email, ip=work.submission.ip):
            work.outcome = Stop("spam", f"{blocked} is on the blocklist.")
        elif work.unchecked:
            continue  # It has waited for a person, and nobody came.
        elif (domain := domain_of(email)) and is_disposable(domain):
            work.outcome = Hold(
                SPAM_UNCERTAIN,
                f"{work.form.name}: throw-away e-mail address",
                detail={"reason": f"{domain} gives out throw-away addresses."},
                release_at=batch.now + HELD_FOR,
                unchecked=True,
            )
    _screen_velocity(batch)


def _screen_velocity(batch: Batch) -> None:
    """Only forms that set a limit (`VelocityLimits`) are counted, over the last hour."""
    works = [
        work
        for work in batch.going()
        if work.form.velocity and not (work.unchecked or work.submission.cleared_by)
    ]
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
                SPAM_UNCERTAIN,
                f"{work.form.name}: too many submissions from one sender",
                detail={"reason": f"{max(seen_ip, seen_email)} submissions within an hour."},
                release_at=batch.now + HELD_FOR,
                unchecked=True,
            )
