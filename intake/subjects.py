"""How exceptions name what this layer owns."""

from exception_queue.queue import Subject
from intake.models import Lead, Submission

LEAD = "lead"
SUBMISSION = "submission"


def lead_subject(lead: Lead, *, label: str = "") -> Subject:
    return Subject(LEAD, str(lead.pk), label or str(lead))


def submission_subject(submission: Submission) -> Subject:
    values = submission.values
    who = values.get("full_name") or values.get("email") or values.get("phone") or "Unnamed"
    return Subject(SUBMISSION, str(submission.pk), f"{who} ({submission.form.name})")
