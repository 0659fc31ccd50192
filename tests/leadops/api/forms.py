"""Posting to forms as browsers, vendors and programs do."""

import base64
import hashlib
import hmac
import json
from io import BytesIO
from typing import Any

from django.test import Client

from intake.models import IntakeForm
from plumbing import secrets
from tests import make

DEMO = "/api/v1/forms/demo-request/submissions"
TYPEFORM = "/api/v1/forms/typeform-quote/submissions"
SECRET = "typeform-signing-secret"
ALLOWED = "https://www.acme.test"


def browser(**headers: str) -> Client:
    """`headers` by name with underscores; CSRF is enforced as in real life."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(
        headers={"host": "127.0.0.1", **named}, enforce_csrf_checks=True, raise_request_exception=False
    )


def post(values: Any, path: str = DEMO, **headers: str) -> Any:
    return browser(**headers).post(path, json.dumps(values), content_type="application/json")


def raw(body: bytes, content_type: str, path: str = DEMO, **headers: str) -> Any:
    """Bytes as they are; Django's test client would encode them by the type's charset."""
    return browser(**headers).generic("POST", path, body, CONTENT_TYPE=content_type)


def chunked(body: bytes, path: str = DEMO) -> Any:
    """Without a length, as streaming clients post."""
    client = browser(Transfer_Encoding="chunked")
    return client.generic("POST", path, CONTENT_TYPE="application/json", **{"wsgi.input": BytesIO(body)})


def form(key: str = "demo-request", **changes: Any) -> IntakeForm:
    """The form, changed."""
    found = IntakeForm.objects.get(key=key)
    for name, value in changes.items():
        setattr(found, name, value)
    found.save()
    return found


def signing_typeform() -> IntakeForm:
    return form("typeform-quote", secret=secrets.encrypt(SECRET))


def typeform_event(event_id: str = "01HX", **changes: Any) -> dict[str, Any]:
    """A delivery as Typeform documents it."""
    values = make.person(**changes)
    answers = [
        {"type": "email", "email": values["email"], "field": {"id": "a1", "ref": "email", "type": "email"}},
        {"type": "text", "text": values["full_name"], "field": {"id": "a2", "ref": "full_name"}},
        {"type": "text", "text": values["country"], "field": {"id": "a3", "ref": "country"}},
        {"type": "number", "number": 900, "field": {"id": "a4", "ref": "size"}},
    ]
    question = {"id": "a4", "ref": "size", "title": "How many people work at your company?", "type": "number"}
    return {
        "event_id": event_id,
        "event_type": "form_response",
        "form_response": {
            "form_id": "lT4Z3j",
            "token": "a3a12ec67a1365927098a606107fac15",
            "submitted_at": "2026-11-22T12:00:00Z",
            "hidden": {"utm_source": "newsletter"},
            "definition": {"id": "lT4Z3j", "title": "Quote", "fields": [question]},
            "answers": answers,
        },
    }


def post_typeform(event: dict[str, Any], *, secret: str = SECRET, **headers: str) -> Any:
    body = json.dumps(event).encode()
    mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    signed = {"Typeform_Signature": f"sha256={mac}", **headers}
    return browser(**signed).post(TYPEFORM, body, content_type="application/json")
