"""The entry point for granian or any other ASGI server: Django behind the reader of whole requests."""

import json

from leadops.wsgi import application as django  # sets Django up, which the others need

# isort: split
from django.conf import settings

from intake.bodies import MAX_BYTES
from leadops.api.problems import CONTENT_TYPE, ApiProblem, body_of
from leadops.serving.front import Front
from leadops.serving.lanes import Lane

MOST_UPLOAD = 10 * 1024**2
"""Bytes of a file that the console imports."""


def _words(path: str, status: int, detail: str) -> tuple[str, bytes]:
    if path == "/readyz":
        return "application/json", b'{"ready": false}'
    problem = ApiProblem(status, detail)
    if path.startswith("/api/"):
        return CONTENT_TYPE, json.dumps(body_of(problem)).encode()
    return "text/plain; charset=utf-8", f"{problem.title}. {detail}\n".encode()


_intake = Lane("intake", threads=2, most_waiting=1000)
_ready = Lane("ready", threads=1, most_waiting=8)
_others = Lane("others", threads=2, most_waiting=200)

application = Front(
    django,
    seconds=settings.LEADOPS_BODY_SECONDS,
    limits=[
        ("/api/v1/forms/", MAX_BYTES),
        ("/api/", settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        ("", MOST_UPLOAD),
    ],
    lanes=[
        ("/api/v1/forms/", _intake),
        ("/api/v1/webhooks/", _intake),
        ("/readyz", _ready),
        ("", _others),
    ],
    in_a_hurry={"/readyz"},
    words=_words,
)
