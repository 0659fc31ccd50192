"""The house that the cases were tried on, and what is posted to it."""

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command

from crm_sync.models import CrmConnection
from intake import runner
from intake.models import Submission
from plumbing import secrets
from routing.models import Absence
from tests.leadops.api import forms
from tests.leadops.api.calling import Api
from tests.make import access
from tests.make.sandbox import TOKEN, Crm
from tests.snapshot import Snapshot

HERE = Path(__file__).parent
SECRET = "form-secret"
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
_GROUP = {"name": "own", "label": "Own"}
_PROPERTIES = "/hubspot/crm/v3/properties/contacts"
_TEXT: dict[str, Any] = {"type": "string", "fieldType": "text"}
# What the account of the cases had beside what every account has.
_OWN_PROPERTIES: dict[str, dict[str, Any]] = {
    "branch_pick": {"type": "enumeration", "fieldType": "select", "options": ["FINANCE", "MACHINERY"]},
    "interests": {"type": "enumeration", "fieldType": "checkbox", "options": ["crm", "analytics"]},
    "leadops_submitted_at": {"type": "date", "fieldType": "date"},
}
_TEXTS = (
    "leadops_marketing_consent",
    "leadops_privacy_consent",
    "leadops_policy",
    "leadops_utm_source",
    "leadops_gclid",
    "leadops_existing",
    "leadops_tz",
    "leadops_partner",
)
_snapshots: list[Snapshot] = []


def move_in() -> None:
    """The configuration of the cases, published; applied once per process."""
    if _snapshots:
        _snapshots[0].restore()
    else:
        _snapshots.append(Snapshot.of(_apply))


def _apply() -> None:
    call_command("config", "apply", str(HERE / "config.yaml"), verbosity=0)
    Absence.objects.all().delete()


def connect(crm: Crm) -> CrmConnection:
    """The configuration's connection, to a sandbox with the properties that its mappings name."""
    found = CrmConnection.objects.get(key="hubspot")
    found.base_url, found.token, found.token_env = f"{crm.url}/hubspot", secrets.encrypt(TOKEN), ""
    found.save()
    crm.call("POST", f"{_PROPERTIES}/groups", _GROUP)
    for name, spec in {**dict.fromkeys(_TEXTS, _TEXT), **_OWN_PROPERTIES}.items():
        options = [{"value": each, "label": each} for each in spec.get("options", [])]
        crm.call(
            "POST", _PROPERTIES, {"name": name, "label": name, "groupName": "own", **spec, "options": options}
        )
    return found


def administrator() -> Api:
    """A program that may do everything."""
    user = User.objects.create_superuser("program", "program@acme.test")
    return Api(access.used(user))


def post(form: str, body: Any, content_type: str = "application/json") -> Any:
    """The answer of the form's address; bodies that are text are posted as they are."""
    data = body if isinstance(body, str) else json.dumps(body)
    return forms.raw(
        data.encode(), content_type, f"/api/v1/forms/{form}/submissions", Authorization=f"Bearer {SECRET}"
    )


def worked(answer: Any) -> Submission:
    """The submission that the answer is about, once the pipeline has run."""
    runner.drain()
    return Submission.objects.select_related("lead").get(pk=answer.json()["submission_id"])
