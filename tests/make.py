"""Builders that tests of every layer share: the demo configuration, forms as people fill them, the pipeline run to its end."""

import json
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from intake import accept, bodies, runner
from intake.models import IntakeForm, Lead, Submission
from leadops.management.commands.prepare import DEMO
from routing.models import Absence
from tests.snapshot import Snapshot

HOST = {"host": "127.0.0.1"}


def acme() -> None:
    """The demo configuration, published. Applied once per process; put back as rows where the database is empty."""
    if _snapshots and _snapshots[0].fits():
        _snapshots[0].restore()
    elif not _snapshots and Snapshot.can_be_made():
        _snapshots.append(Snapshot.of(_apply_acme))
    else:
        _apply_acme()


_snapshots: list[Snapshot] = []


def _apply_acme() -> None:
    call_command("config", "apply", str(DEMO), verbosity=0)
    # The demo's absence has dates: who is away would depend on the day on which the tests run.
    Absence.objects.all().delete()


def person(**values: Any) -> dict[str, Any]:
    """What somebody from Germany who wants a demo types into the form."""
    return {
        "email": "jana.weiss@beispiel-werke.example",
        "full_name": "Jana Weiß",
        "company": "Beispiel Werke GmbH",
        "country": "Deutschland",
        "employee_count": "900",
        **values,
    }


def american(**values: Any) -> dict[str, Any]:
    """Somebody whose lead goes to the AMER rotation."""
    return person(
        **{
            "email": "tom.small@bigcorp.example",
            "full_name": "Tom Small",
            "company": "Bigcorp",
            "country": "US",
            **values,
        }
    )


def submitted(values: dict[str, Any], *, form: str = "demo-request", **headers: str) -> Submission:
    """A submission as the form's address takes it, without HTTP."""
    envelope = accept.Envelope(
        body=json.dumps(values).encode(),
        content_type="application/json",
        headers=headers,
        ip="127.0.0.1",
        idempotency_key="",
    )
    parsed = bodies.parse(envelope.body, envelope.content_type)
    return accept.accept(IntakeForm.objects.get(key=form), envelope, parsed, now=timezone.now())[0].submission


def handed_off(values: dict[str, Any] | None = None, *, form: str = "demo-request") -> Lead:
    """The lead that comes out at the end of the pipeline."""
    submission = submitted(values or person(), form=form)
    runner.drain()
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


def crowd(count: int, maker: Callable[..., dict[str, Any]] = american, **values: Any) -> list[dict[str, Any]]:
    """So many people who have nothing in common: no name, no company, no domain."""
    return [
        maker(
            **{
                "email": f"{_word(number)}@{_word(number * 7919 + 5)}.example",
                "full_name": f"{_word(number * 31 + 7).title()} {_word(number * 7907 + 11).title()}",
                "company": f"{_word(number * 104729 + 3).title()} Works",
                **values,
            }
        )
        for number in range(count)
    ]


def _word(number: int) -> str:
    syllables = (
        "ba",
        "ce",
        "di",
        "fo",
        "gu",
        "ka",
        "le",
        "mi",
        "no",
        "pu",
        "ra",
        "se",
        "ti",
        "vo",
        "zu",
        "xe",
    )
    word = ""
    for _ in range(4):
        number, rest = divmod(number, len(syllables))
        word += syllables[rest]
    return word
