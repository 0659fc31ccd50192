"""Brings a database up to date and makes what a first start needs. It can be run again at any time."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm_sync.models import CrmConnection
from exception_queue.models import AlertRule
from intake.models import IntakeForm
from leadops.access import older_tokens, tokens
from leadops.launcher.given_secrets import ADMIN, weakness
from leadops.launcher.program import PROGRESS
from leadops.models import ApiToken
from leadops.schema import applied, refusing
from routing.models import Owner, Queue

DEMO = Path(settings.BASE_DIR) / "leadops" / "demo" / "acme.yaml"
SHIPPED_SANDBOX = "http://127.0.0.1:8899/"


class Command(BaseCommand):
    help = (
        "Migrate the database; where there is none yet, make the admin (LEADOPS_ADMIN_PASSWORD) and a staff "
        "token (LEADOPS_API_TOKEN); with LEADOPS_DEMO=1 and no configuration, apply the demo's and let "
        "alerts go to its manager."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--result", type=Path, help="a file for what was made, as JSON without secrets")

    def handle(self, *args: Any, result: Path | None, **others: Any) -> None:
        given = {"password": settings.LEADOPS_ADMIN_PASSWORD, "token": settings.LEADOPS_API_TOKEN}
        if weak := weakness(**given):
            raise CommandError(weak)
        self._say("Looking at the database")
        self._refuse_what_does_not_fit(result)
        # Read by processes of the version before, which may run beside this one until the next release is prepared.
        forget = older_tokens.TAKEN_OVER in applied.of_the_database()
        self._say("Bringing the database up to date")
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
        self._refuse_what_does_not_fit(result)
        if forget and older_tokens.are_there():
            older_tokens.forget()
        made = {"demo": settings.LEADOPS_DEMO and not configured()}
        if made["demo"]:
            self._say("Applying the demo configuration")
            apply_demo()
        made |= make_staff(**given)
        if result is not None:
            result.write_text(json.dumps(made))

    def _refuse_what_does_not_fit(self, result: Path | None) -> None:
        names = applied.of_the_database()
        try:
            refusing.refuse_newer(names)
            refusing.refuse_changed(names)
        except refusing.DoesNotFit as problem:
            if result is not None:
                result.write_text(json.dumps({"refused": str(problem)}))
            raise CommandError(str(problem)) from problem

    def _say(self, text: str) -> None:
        self.stdout.write(f"{PROGRESS}{text}")
        self.stdout.flush()


def configured() -> bool:
    """Whether anybody has configured anything."""
    return IntakeForm.objects.exists() or Owner.objects.exists() or CrmConnection.objects.exists()


def apply_demo() -> None:
    """The shipped configuration, with the address of the sandbox that runs."""
    text = DEMO.read_text(encoding="utf-8")
    file = Path(settings.LEADOPS_DATA_DIR) / DEMO.name
    sandbox = f"http://127.0.0.1:{settings.LEADOPS_SANDBOX_PORT}/"
    file.write_text(text.replace(SHIPPED_SANDBOX, sandbox), encoding="utf-8")
    call_command("config", "apply", str(file))
    notify_the_manager()


def notify_the_manager() -> AlertRule | None:
    """The first alert, where there is none: to the manager of the team whose queue is the fallback."""
    queue = Queue.objects.filter(fallback=True, active=True).select_related("team__manager").first()
    manager = queue.team.manager if queue is not None and queue.team is not None else None
    if manager is None or AlertRule.objects.exists():
        return None
    return AlertRule.objects.create(
        name="Tell the manager",
        min_severity=AlertRule.Severity.MEDIUM,
        notify=[f"mailto:{manager.email}"],
    )


def make_staff(*, password: str, token: str) -> dict[str, bool]:
    """What of the two was made: the first superuser, `admin`, and the first token of a staff member."""
    admin = User.objects.filter(is_superuser=True).order_by("pk").first()
    made = {"admin": False, "token": False}
    if admin is None and password:
        admin = User.objects.create_superuser(ADMIN, "", password)
        made["admin"] = True
    if admin is not None and token and not ApiToken.objects.filter(user__is_staff=True).exists():
        tokens.make(admin, name="First token", scopes=tokens.EVERYTHING, token=token, now=timezone.now())
        made["token"] = True
    return made
