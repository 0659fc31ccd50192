"""What to do on a fresh installation, in order, with what is done ticked off."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from crm_sync.models import CrmConnection
from exception_queue import alerts
from intake.admin.forms import curl_of
from intake.models import IntakeForm
from plumbing.counting import counted
from routing.models import RuleSet

DEMO_FORM = "demo-request"


@dataclass(frozen=True, slots=True)
class SetupStep:
    done: bool
    title: str
    says: str
    command: str = ""
    link: str = ""
    label: str = ""


def steps(user: Any) -> list[SetupStep]:
    """Rules, a CRM, somebody who hears of trouble, and the first lead: those that this user can take."""
    found = {
        "routing.view_routingrule": _rules,
        "crm_sync.view_crmconnection": _crm,
        "exception_queue.view_alertrule": _ears,
        "intake.view_intakeform": _first_lead,
    }
    return [step() for needs, step in found.items() if user.has_perm(needs)]


def _rules() -> SetupStep:
    return SetupStep(
        done=RuleSet.objects.exists(),
        title="Say who gets what",
        says="Apply a configuration file, or make owners, a rotation and rules here and publish them.",
        command="manage.py config apply acme.yaml",
        link=reverse("admin:routing_routingrule_changelist"),
        label="Rules",
    )


def _crm() -> SetupStep:
    return SetupStep(
        done=CrmConnection.objects.filter(active=True).exists(),
        title="Connect the CRM",
        says="Leads work without one; with it, each stands there with its owner within a second.",
        link=reverse("admin:crm_sync_crmconnection_changelist"),
        label="CRM connections",
    )


def _ears() -> SetupStep:
    unheard = alerts.kinds_nobody_hears()
    return SetupStep(
        done=not unheard,
        title="Say who hears of trouble",
        says=f"Nobody is told yet of {counted(len(unheard), 'kind')} of exception."
        if unheard
        else "Somebody is told of every kind of exception.",
        link=reverse("admin:exception_queue_alertrule_changelist"),
        label="Alerts",
    )


def _first_lead() -> SetupStep:
    public = IntakeForm.objects.filter(active=True, kind=IntakeForm.Kind.PUBLIC)
    form = public.filter(key=DEMO_FORM).first() or public.order_by("name").first()
    return SetupStep(
        done=False,
        title="Post the first lead",
        says="It stands under Leads a moment later, with an owner and the reason."
        if form
        else "Add a form; its page shows the address to post to.",
        command=curl_of(form) if form else "",
        link=reverse("admin:intake_intakeform_changelist"),
        label="Forms",
    )
