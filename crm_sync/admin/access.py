"""The page that leads whoever looks after a CRM to a token: how to make one, what it has to be allowed, and whether it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from crm_sync.admin.token_form import AccessForm
from crm_sync.connection import circuit
from crm_sync.connection.connecting import token_of
from crm_sync.connectors import can, connector_class, ending, secret_in_address, sends_events, version_of
from crm_sync.connectors.base import SetupProblem
from crm_sync.models import CrmConnection
from crm_sync.outbound import rights
from crm_sync.outbound.needed_rights import NeededRight, needed
from crm_sync.outbound.rights import Tested
from exception_queue.models import ExceptionItem
from exception_queue.pages import Panel
from plumbing.counting import counted


@dataclass(frozen=True, slots=True)
class RightRow:
    """A right on the page. `tone` and `state` are the badge."""

    right: NeededRight
    tone: str
    state: str

    @property
    def is_missing(self) -> bool:
        return self.tone == "danger"


@dataclass(frozen=True, slots=True)
class NextStep:
    says: str
    url: str = ""
    label: str = ""


def access_url(connection_id: Any) -> str:
    return reverse("admin:crm_sync_crmconnection_access", args=(connection_id,))


def webhook_address(connection: CrmConnection) -> str:
    """Where events are sent to; "" where there are none."""
    if not sends_events(connection.kind):
        return ""
    return (
        f"{settings.LEADOPS_PUBLIC_URL}/api/v1/webhooks/{connection.key}{secret_in_address(connection.kind)}"
    )


class SetsUpAccess:
    """For the page of a connection."""

    def has_access_permission(self: Any, request: HttpRequest, object_id: str = "") -> bool:
        return bool(self.has_view_permission(request, object_id or None))

    @action(description="Set up access", icon="key", permissions=["access"])
    def access(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows what is needed. POST tries it, with `save` after the token was stored."""
        connection = get_object_or_404(CrmConnection, pk=object_id)
        may_change = bool(self.has_change_permission(request, connection))
        form, tested = AccessForm(instance=connection), None
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            if "save" in request.POST:
                form = AccessForm(request.POST, instance=connection)
                if form.is_valid():
                    self.save_model(request, form.instance, form, change=True)
                    circuit.resume([connection.key], by=str(request.user), now=timezone.now())
            if not form.errors:
                connection = CrmConnection.objects.get(pk=connection.pk)
                form, tested = AccessForm(instance=connection), rights.try_all(connection)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Access to {connection.crm_name}",
            "opts": CrmConnection._meta,
            "original": connection,
            "form": form,
            "may_change": may_change,
            **page(connection, tested),
        }
        return TemplateResponse(request, "crm_sync/access.html", context)

    def response_add(self: Any, request: HttpRequest, obj: CrmConnection, *args: Any) -> HttpResponse:
        """A new connection needs a token that may do what it is for: that comes next."""
        answer: HttpResponse = super().response_add(request, obj, *args)  # type: ignore[misc]
        if "_save" in request.POST and self.has_access_permission(request, str(obj.pk)):
            answer["Location"] = access_url(obj.pk)
        return answer


def page(connection: CrmConnection, tested: Tested | None) -> dict[str, Any]:
    """What the page shows besides its form; `tested` None where nobody has tried."""
    found = connector_class(connection.kind)
    version = version_of(connection.kind, connection.api_version)
    rows = [_row(each, tested) for each in needed(connection)]
    has_token = _has_token(connection)
    return {
        "guide": found.token_guide if found else None,
        "crm": connection.crm_name,
        "rows": rows,
        "names": [each.right.name for each in rows],
        "answer": _answer(connection, rows, tested, has_token=has_token),
        "tested": tested,
        "has_token": has_token,
        "version": version,
        "ending": ending(version, today=timezone.now().date()),
        "can": can(connection.kind),
        "webhook": webhook_address(connection),
        "next_steps": list(_next(connection, rows, tested, has_token=has_token)),
    }


def panel(item: ExceptionItem, user: Any) -> Panel | None:
    """For exceptions about a connection that is not let in, or not everywhere."""
    connection = CrmConnection.objects.filter(key=item.subject_id.partition(" ")[0]).first()
    if connection is None or not user.has_perm("crm_sync.view_crmconnection"):
        return None
    return Panel("crm_sync/access_panel.html", {"connection": connection, "url": access_url(connection.pk)})


def _row(right: NeededRight, tested: Tested | None) -> RightRow:
    tried = tested.granted if tested else {}
    if right.name not in tried:
        return (
            RightRow(right, "info", "once it is live")
            if right.later
            else RightRow(right, "default", "not tested")
        )
    has = tried[right.name]
    if has is None:
        return RightRow(right, "warning", "not known yet")
    if has:
        return RightRow(right, "success", "there")
    return (
        RightRow(right, "info", "missing, needed once it is live")
        if right.later
        else RightRow(right, "danger", "missing")
    )


def _answer(
    connection: CrmConnection, rows: list[RightRow], tested: Tested | None, *, has_token: bool
) -> str:
    """How it stands, in a sentence."""
    found = connector_class(connection.kind)
    if found is None:
        return f"There is no connector for “{connection.kind}”: nothing can be set up."
    token, right = found.token_guide.token, found.token_guide.right
    if not found.can.reads:
        return _believed(token, tested, has_token=has_token)
    missing = sum(row.is_missing for row in rows)
    if tested is None:
        if not has_token:
            return f"There is no {token} yet: make one in {found.label}, and give it to leadops."
        return f"There is a token. Test it to see whether it has each {right} that it needs."
    if tested.refused:
        return f"The token does not work: {found.label} does not let us in."
    if tested.error:
        return "The token could not be tested."
    if missing:
        lacks = counted(missing, f"{right} is", f"{right}s are")
        return f"{found.label} lets us in, and {lacks} missing."
    return f"{found.label} lets us in, and the token has each {right} that it needs."


def _believed(token: str, tested: Tested | None, *, has_token: bool) -> str:
    """Of what is only told: there is one thing to know."""
    if tested is None and not has_token:
        return f"There is no {token} yet: make one, and give it to the receiver and to leadops."
    if tested is None:
        return f"There is a {token}. Test it to see whether the receiver believes our messages."
    if tested.refused:
        return "The receiver does not believe our messages."
    return "The message could not be delivered." if tested.error else "The receiver believes our messages."


def _next(
    connection: CrmConnection, rows: list[RightRow], tested: Tested | None, *, has_token: bool
) -> Iterator[NextStep]:
    """What is left to do, in order."""
    found = connector_class(connection.kind)
    if found is None:
        return
    page_url = reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,))
    token, right = found.token_guide.token, found.token_guide.right
    if not has_token:
        yield NextStep(
            f"Make a {token}{'' if not found.can.reads else f' in {found.label}'} as above, and paste it."
        )
    elif tested is None:
        yield NextStep("Test the token.")
    elif tested.refused:
        yield NextStep(
            f"Make a new {token} in {found.label}, and paste it."
            if found.can.reads
            else f"Give the receiver and leadops the same {token}, then test again."
        )
    elif tested.error:
        yield NextStep(
            "Correct what stands above, or wait until the CRM answers; then test again.",
            page_url,
            "Open the connection",
        )
    elif any(row.is_missing for row in rows):
        yield NextStep(f"Tick each missing {right} on the {token} in {found.label}, then test again.")
    if not connection.active:
        yield NextStep("Switch the connection on.", page_url, "Open the connection")
    if not found.messages and not connection.mappings.filter(active=True).exists():
        yield NextStep(
            "Say which field goes to which property; the usual lines are added by a button there.",
            page_url,
            "Map fields",
        )
    if connection.mode == CrmConnection.Mode.OBSERVE:
        yield NextStep(
            "It is only observed: look at what a lead's record would be given, then go live under Mode.",
            page_url,
            "Open the connection",
        )


def _has_token(connection: CrmConnection) -> bool:
    try:
        return bool(token_of(connection))
    except SetupProblem:
        return False
