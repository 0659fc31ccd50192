"""What `manage.py doctor` says about forms."""

from collections.abc import Iterator

from intake.models import IntakeForm
from plumbing import secrets
from plumbing.findings import Finding

RENAME = "Give the secret another variable and start again, or enter the secret in the form."


def check_variables() -> Iterator[Finding]:
    """Active forms whose signing secret should come from a variable that is not set."""
    named = IntakeForm.objects.filter(active=True, secret="").exclude(secret_env="")
    for form in named.order_by("key"):
        if secrets.named(form.secret_env):
            continue
        only = "only callers with its token are let in" if form.token else "its webhooks are refused (401)"
        if why_not := secrets.why_not_named(form.secret_env):
            yield Finding("fail", f"Form {form.key}: {why_not} Until then {only}.", hint=RENAME)
            continue
        yield Finding(
            "warn",
            f"Form {form.key}: the variable {form.secret_env} is not set, so {only}.",
            hint=f"Set {form.secret_env} to the vendor's signing secret and start again, or enter the secret in the form.",
        )
