"""Forms as they are posted, and the pipeline run to its end."""

import json
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from intake import accept, bodies, runner
from intake.models import IntakeForm, Lead, Submission
from tests.make.people import person

HOST = {"host": "127.0.0.1"}


def submitted(
    values: dict[str, Any], *, form: str = "demo-request", now: datetime | None = None, **headers: str
) -> Submission:
    """A submission as the form's address takes it, without HTTP; `now` None is the clock."""
    envelope = accept.Envelope(
        body=json.dumps(values).encode(),
        content_type="application/json",
        headers=headers,
        ip="127.0.0.1",
        idempotency_key="",
    )
    parsed = bodies.parse(envelope.body, envelope.content_type)
    return accept.accept(IntakeForm.objects.get(key=form), envelope, parsed, now=now or timezone.now())[
        0
    ].submission


def handed_off(
    values: dict[str, Any] | None = None, *, form: str = "demo-request", now: datetime | None = None
) -> Lead:
    """The lead that comes out at the end of the pipeline."""
    submission = submitted(values or person(), form=form, now=now)
    runner.drain(now=now)
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF, (submission.status, submission.reason)
    assert submission.lead is not None
    return submission.lead


def posted(values: dict[str, Any], *, form: str = "demo-request", **headers: str) -> Any:
    """The answer of the form's address to a JSON post."""
    return Client(headers=HOST).post(
        f"/api/v1/forms/{form}/submissions",
        json.dumps(values),
        content_type="application/json",
        headers=headers,
    )
