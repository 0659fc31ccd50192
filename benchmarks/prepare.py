"""Puts received submissions in the database: `python -m benchmarks.prepare FIRST COUNT`, each of another person."""

import copy
import hashlib
import json
import sys
import uuid

import benchmarks.django_ready as _ready

# isort: split
from django.utils import timezone

from benchmarks.people import person
from intake import accept, bodies
from intake.models import IntakeForm, Submission


def main() -> None:
    assert _ready.application
    first, count = int(sys.argv[1]), int(sys.argv[2])
    form, now = IntakeForm.objects.get(key="demo-request"), timezone.now()
    envelope = accept.Envelope(_body(first), "application/json", {}, "127.0.0.1", "")
    parsed = bodies.parse(envelope.body, envelope.content_type)
    taken = accept.accept(form, envelope, parsed, now=now)[0].submission
    rows = []
    for number in range(first + 1, first + count):
        row = copy.copy(taken)
        row.pk, row.body = uuid.uuid4(), _body(number)
        row.body_hash = hashlib.sha256(row.body).hexdigest()
        rows.append(row)
    Submission.objects.bulk_create(rows, batch_size=1000)


def _body(number: int) -> bytes:
    return json.dumps(person(number)).encode()


if __name__ == "__main__":
    main()
