"""One row of every model that the console shows, and what a person would send to each address that acts."""

import json
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_otp.plugins.otp_totp.models import TOTPDevice

from crm_sync.admin.translating import field_of
from crm_sync.models import (
    Account,
    BornContact,
    CrmConnection,
    CrmDifference,
    CrmProperty,
    FieldMapping,
    InboundEvent,
    KnownContact,
    LeftOutValue,
    OpenDeal,
    OutboxEntry,
    OwnerLink,
    Reconciliation,
)
from exception_queue import queue
from exception_queue.models import AlertRule
from intake import runner
from intake.models import BlockedSender, CompanyProfile, IntakeForm, Lead, TestAddress, ValueAlias
from plumbing import secrets
from routing.handover import actions
from routing.models import Absence, Assignment, NamedAccount, Owner, Queue, RoutingRule, RoutingSettings
from tests import make
from tests.leadops.console.permission_table import OLD_VERSION
from tests.make import access

SURE = {"_form_submitted": "on"}


TEAM = "AMER Sales"
FORM_TOKEN = "form-token-of-the-demo"


class World:
    """The demo with a handed-off lead, a held submission, an open exception, and a row of everything else; what is a
    team's is TEAM's, and the lead is Bob's."""

    def __init__(self) -> None:
        make.acme()
        now = timezone.now()
        self.lead, self.other = make.handed_off(make.person()), make.handed_off(make.american())
        bob = Owner.objects.get(name="Bob Burke")
        for lead in (self.lead, self.other):
            if Assignment.objects.get(lead=lead).owner != bob:
                actions.reassign(
                    lead_id=lead.pk, owner_id=bob.pk, reason="Test", source="api", actor="Test", now=now
                )
        IntakeForm.objects.filter(key="demo-request").update(token=secrets.encrypt(FORM_TOKEN))
        Lead.objects.filter(pk=self.other.pk).update(possible_duplicate_of=self.lead)
        self.tried = make.handed_off(make.person(email="tried@tried-out.example", phone="+4930555123"))
        Lead.objects.filter(pk=self.tried.pk).update(is_test=True)
        self.held = make.submitted(make.person(email="a.b@mailinator.com"))
        runner.drain()
        self.item = queue.open_items(
            [
                queue.ExceptionReport(
                    "crm.rejected", queue.Subject("lead", str(self.lead.pk), "Jana"), "No such option", {}
                )
            ],
            now=now,
        )[0]
        self.sleeping = RoutingRule.objects.create(
            name="Sleeps", target_kind="queue", target_queue=Queue.objects.get(name="Nurture"), active=False
        )
        # So that there is something to publish.
        RoutingRule.objects.filter(active=True).update(name=Concat("name", Value("!")))
        connection, owner = CrmConnection.objects.get(), bob
        self.observed = CrmConnection.objects.create(
            key="observed", kind=connection.kind, mode="observe", active=False
        )
        self.away = Owner.objects.create(name="Una Off", email="una@acme.test", active=False, team=bob.team)
        OutboxEntry.objects.filter(lead=self.lead).delete()
        self.dead = OutboxEntry.objects.create(
            connection=connection,
            lead=self.lead,
            status="dead",
            due_at=now,
            created_at=now,
            alike={"words": "Somebody is there.", "records": [{"remote_id": "7"}]},
        )
        InboundEvent.objects.create(
            connection=connection, dedupe_key="1", remote_id="1", payload={}, received_at=now, due_at=now
        )
        CrmProperty.objects.create(connection=connection, name="email", type="text", seen_at=now)
        OwnerLink.objects.create(connection=connection, email="bob@acme.test", remote_id="1", seen_at=now)
        for model in (KnownContact, Account, OpenDeal):
            model._default_manager.create(connection=connection, remote_id="1")
        BornContact.objects.create(connection=connection, remote_id="1", begun_at=now, due_at=now)
        self.line = FieldMapping.objects.create(
            connection=connection, canonical="industry", property="branch", position=90
        )
        CrmProperty.objects.create(
            connection=connection, name="branch", type="choice", options=[["A", "a"]], seen_at=now
        )
        LeftOutValue.objects.create(
            mapping=self.line, lead=self.lead, property="branch", why="option", ours="Mining", at=now
        )
        Reconciliation.objects.create(connection=connection, started_at=now, finished_at=now)
        self.difference = CrmDifference.objects.create(
            connection=connection, lead=self.lead, kind="missing", found_at=now, seen_at=now
        )
        Absence.objects.create(owner=owner, starts_on=date(2030, 1, 1), ends_on=date(2030, 1, 2))
        BlockedSender.objects.create(kind="email", value="nobody@nowhere.example")
        TestAddress.objects.create(pattern="@testing.example")
        AlertRule.objects.get_or_create(name="Everything", defaults={"notify": ["mailto:ops@acme.test"]})
        ValueAlias.objects.get_or_create(field="industry", raw="Maschinen", canonical="Machinery")
        CompanyProfile.objects.get_or_create(domain="beispiel-werke.example")
        NamedAccount.objects.get_or_create(company="Big One", defaults={"owner": owner})
        RoutingSettings.objects.get_or_create(pk=1)
        hourly = IntervalSchedule.objects.create(every=1, period="hours")
        PeriodicTask.objects.create(name="hourly", task="celery.ping", interval=hourly)
        CrontabSchedule.objects.create()
        ClockedSchedule.objects.create(clocked_time=now + timedelta(days=1))
        SolarSchedule.objects.create(event="sunset", latitude=52, longitude=13)
        Group.objects.create(name="sales")
        clerk = User.objects.create_user("clerk", is_staff=True)
        self.locked_out = User.objects.create_user("gone", is_staff=True, is_active=False)
        access.token(clerk)
        TOTPDevice.objects.create(user=clerk, confirmed=True)
        self.rows: dict[str, Any] = {}
        for model in admin.site._registry:
            self.rows[model._meta.label_lower] = model._default_manager.order_by("pk").first()
        missing = [label for label, row in self.rows.items() if row is None]
        assert not missing, f"no row of {missing}"
        self.rows |= {
            "intake.lead": self.lead,
            "intake.submission": self.held,
            "exception_queue.exceptionitem": self.item,
            "crm_sync.outboxentry": self.dead,
            "crm_sync.crmdifference": self.difference,
            "auth.user": clerk,
            "routing.routingrule": RoutingRule.objects.get(name__startswith="Hot North America"),
        }

    def address(self, route: str) -> str:
        """An address of this route, of a row that is there."""
        row = self.row_of(route)
        if route.endswith(OLD_VERSION):
            version = row.history.first()
            if version is None:
                row.save()
                version = row.history.first()
            return f"/{route.removesuffix(OLD_VERSION)}{row.pk}/history/{version.pk}/"
        values = {
            "<path:content_type_id>": "1",
            "<uuid:one>": self.lead.pk,
            "<uuid:other>": self.other.pk,
            "<uuid:lead_id>": self.lead.pk,
            "<uuid:submission_id>": self.held.pk,
            "<int:item_id>": self.item.pk,
            "<str:form_key>": "demo-request",
            "<str:connection_key>": CrmConnection.objects.get(primary=True).key,
            "<path:object_id>": row.pk if row else "1",
            "<id>": row.pk if row else "1",
            "<uidb64>/<token>": "MQ/not-a-token",
            "(?P<url>.*)$": "nothing",
            "^": "nothing",
        }
        for placeholder, value in values.items():
            route = route.replace(placeholder, str(value))
        return f"/{route}" + (
            "?app_label=routing&model_name=routingrule&field_name=target_owner"
            if "autocomplete" in route
            else ""
        )

    def row_of(self, route: str) -> Any:
        if route.endswith("/switch_on/"):
            return self.away
        if route.endswith("/let_in/"):
            return self.locked_out
        if route.endswith("/live/"):
            return self.observed
        if route.endswith("/unmark_test/"):
            return self.tried
        parts = route.split("/")
        return self.rows.get(".".join(parts[1:3])) if len(parts) > 3 else None

    def body(self, route: str) -> dict[str, Any] | None:
        """What a person sends there; None where the page's own form says it."""
        known: dict[str, dict[str, Any]] = {
            "admin/intake/lead/<path:object_id>/contacted/": {"by": "Bob", "ago": "0", **SURE},
            "admin/intake/lead/<path:object_id>/decline/": {"reason": "busy", **SURE},
            "admin/intake/lead/<path:object_id>/disqualify/": {"reason": "Student", **SURE},
            "admin/intake/lead/<path:object_id>/reassign/": {
                "to": f"owner:{Owner.objects.get(name='Alice Ames').pk}",
                "reason": "Knows them",
                **SURE,
            },
            "admin/crm_sync/crmconnection/<path:object_id>/translate/": {
                "mapping": self.line.pk,
                field_of("Mining"): "=A",
            },
            "admin/crm_sync/crmconnection/<path:object_id>/default/": {
                "mapping": self.line.pk,
                "default": "A",
            },
            "admin/crm_sync/outboxentry/<path:object_id>/same/": {"record": "7"},
            "admin/exception_queue/exceptionitem/act/": {"verb": "claim", "item": self.item.pk},
            "api/v1/forms/<str:form_key>/submissions": make.person(email="new@new-one.example"),
            "api/v1/leads/<uuid:lead_id>/reassign": {"queue": "Nurture", "reason": "Knows them"},
            "api/v1/leads/<uuid:lead_id>/disqualify": {"reason": "Student"},
            "api/v1/leads/<uuid:lead_id>/reject": {"reason": "busy"},
            "api/v1/exceptions/<int:item_id>/snooze": {
                "until": (timezone.now() + timedelta(hours=1)).isoformat()
            },
            "api/v1/simulate": {"facts": {"country": "DE"}},
        }
        if route in known:
            return known[route]
        if route.endswith("/order/"):
            label = ".".join(route.split("/")[1:3])
            model = next(model for model in admin.site._registry if model._meta.label_lower == label)
            return {"row": list(model._default_manager.order_by("-position").values_list("pk", flat=True))}
        if route.endswith(
            (
                "/ask_now/",
                "/compare/",
                "/live/",
                "/mark_test/",
                "/unmark_test/",
                "/observe/",
                "/read_properties/",
                "/try_out/",
                "/usual_lines/",
                "/revoke/",
                "/spam/",
                "/not_spam/",
                "/switch_on/",
            )
        ):
            return SURE
        if route.endswith(("/change/", "/switch_off/", "/publish/", "/compare/<uuid:other>/", "/delete/")):
            return None
        if route.count("/") == 3 and route.startswith("admin/") and route.split("/")[1] != "search":
            return None
        return {}


class Page(HTMLParser):
    """What a page lets people do: links, forms with a button, dialogs; and what its forms would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.posts: set[str] = set()
        self.fields: dict[str, list[str]] = {}
        self.has_handle = "x-sort:handle" in html or "drag_indicator" in html
        self._form: str | None = None
        self._select = self._area = ""
        self._unchosen = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attributes}
        for name, into in (("hx-get", self.links), ("hx-post", self.posts)):
            if has.get(name):
                into.add(has[name])
        if tag == "a" and has.get("href"):
            self.links.add(has["href"])
        if tag == "form":
            self._form = has.get("action", "") if has.get("method", "").lower() == "post" else None
        if self._form is None:
            return
        kind = has.get("type", "submit" if tag == "button" else "text")
        if tag in ("button", "input") and kind == "submit":
            self.posts.add(self._form)
        name = has.get("name", "")
        is_sent = kind not in ("submit", "button", "file", "checkbox", "radio") or "checked" in has
        if tag == "input" and name and is_sent:
            self._add(name, has.get("value", "on" if kind in ("checkbox", "radio") else ""))
        if tag == "select":
            self._select = name
            self._unchosen = "multiple" not in has
        if tag == "option" and self._select and ("selected" in has or self._unchosen):
            # A browser sends the first where none is selected.
            if "selected" in has and self._unchosen:
                self.fields.pop(self._select, None)
            self._add(self._select, has.get("value", ""))
            self._unchosen = False
        if tag == "textarea":
            self._area = name
            self.fields[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area][0] += data

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def is_api(route: str) -> bool:
    return route.lstrip("/").startswith("api/v1/")


def as_sent(route: str, body: dict[str, Any]) -> dict[str, Any]:
    """Arguments of the test client's `post`."""
    if is_api(route):
        return {"data": json.dumps(body), "content_type": "application/json"}
    return {"data": body}
