"""What is configured and does nothing yet: it is kept and exported, and nobody should count on it."""

from collections.abc import Iterator

from crm_sync.connectors import CONNECTORS
from crm_sync.models import CrmConnection
from intake.models import IntakeForm
from intake.vendors.registry import VENDORS
from plumbing.findings import Finding
from routing.engine.step_kinds import NOT_ACTIVE_YET, STEP_KINDS
from routing.models import SlaPolicy


def check_unused_settings() -> Iterator[Finding]:
    """For `manage.py doctor`: one finding per form, connection and policy."""
    yield from _forms()
    yield from _connections()
    yield from _policies()


def _forms() -> Iterator[Finding]:
    for form in IntakeForm.objects.filter(active=True):
        if form.confirmation_email:
            yield Finding(
                "warn",
                f"Form {form.key}: the confirmation e-mail is stored, and none is sent yet.",
                "Let the website or your mail tool confirm, or take confirmation_email off the form.",
            )
        if form.vendor not in VENDORS:
            yield Finding(
                "warn",
                f"Form {form.key}: bodies of “{form.vendor}” cannot be read yet.",
                "Choose another vendor; “generic” takes any JSON or form body.",
            )


def _connections() -> Iterator[Finding]:
    for connection in CrmConnection.objects.filter(active=True).exclude(kind__in=CONNECTORS):
        yield Finding(
            "warn",
            f"Connection {connection.key}: nothing is written to {connection.crm_name} yet.",
            "What is to be written waits. Switch the connection off (active: false) if that is not wanted.",
        )


def _policies() -> Iterator[Finding]:
    for policy in SlaPolicy.objects.filter(active=True):
        idle = sorted({step.do for step in policy.steps} & NOT_ACTIVE_YET.keys())
        if idle:
            yield Finding(
                "warn",
                f"SLA policy {policy.name}: its step {' and '.join(idle)} does nothing yet.",
                f"Use one of {', '.join(STEP_KINDS)}.",
            )
