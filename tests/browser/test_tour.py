"""Every page of configuration opens without an error, says something, and has its picture taken."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sync.models import CrmConnection
from intake.models import IntakeForm, Submission
from routing.models import Owner, Rotation, RoutingRule, ScoringRule, SlaPolicy, Territory, WorkCalendar

pytestmark = pytest.mark.browser

LISTS = [
    "routing_routingrule", "routing_ruleset", "routing_territory", "routing_namedaccount", "routing_scoringrule",
    "routing_slapolicy", "routing_rotation", "routing_owner", "routing_absence", "routing_team", "routing_queue",
    "routing_workcalendar", "intake_intakeform", "intake_submission", "intake_valuealias", "intake_blockedsender",
    "intake_testaddress",
    "intake_companyprofile", "crm_sync_crmconnection", "crm_sync_outboxentry", "crm_sync_inboundevent",
    "crm_sync_ownerlink", "crm_sync_crmproperty", "auth_user", "auth_group", "leadops_apitoken",
    "django_celery_beat_periodictask", "django_celery_beat_crontabschedule",
]  # fmt: skip


def test_it_shows_every_list(console: Page, shoot):
    for name in LISTS:
        console.goto(reverse(f"admin:{name}_changelist"))
        expect(console.locator("#content-main, #content").first).to_be_visible()
        shoot(f"list-{name.replace('_', '-')}")


def test_it_shows_every_form(console: Page, shoot):
    for row, name in [
        (RoutingRule.objects.get(name="Hot North America"), "rule"),
        (Rotation.objects.get(name="AMER round robin"), "rotation"),
        (Territory.objects.get(name="West Coast"), "territory"),
        (ScoringRule.objects.get(label="Enterprise size"), "scoring"),
        (SlaPolicy.objects.get(name="Hot leads"), "response-time"),
        (Owner.objects.get(email="alice@acme.test"), "owner"),
        (Owner.objects.get(email="carla@acme.test"), "owner-away"),
        (WorkCalendar.objects.get(name="DACH business hours"), "calendar"),
        (IntakeForm.objects.get(key="demo-request"), "form"),
        (CrmConnection.objects.get(key="hubspot"), "connection"),
        (Submission.objects.first(), "submission"),
    ]:
        console.goto(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,)))
        expect(console.locator("#content-main")).to_be_visible()
        shoot(f"page-{name}")


def test_it_raises_no_error_for_those_who_may_only_look(console: Page, shoot):
    looking = User.objects.get(username="maria")
    looking.user_permissions.set(Permission.objects.filter(codename__regex="^(view_|all_teams)"))
    User.objects.update(is_superuser=False, is_staff=True)
    for row, says in [
        (RoutingRule.objects.get(name="Hot North America"), "segment is hot or warm"),
        (Rotation.objects.get(name="AMER round robin"), "Send to a queue"),
        (SlaPolicy.objects.get(name="Hot leads"), "at 50% remind the owner"),
        (IntakeForm.objects.get(key="demo-request"), "company_fax"),
    ]:
        console.goto(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,)))
        expect(console.locator("#content-main form").last).to_contain_text(says)
        shoot(f"looking-{row._meta.model_name}")


def test_it_shows_every_empty_form(console: Page, shoot):
    for name in ("routing_routingrule", "routing_rotation", "routing_owner", "routing_workcalendar",
                 "routing_slapolicy", "intake_intakeform", "crm_sync_crmconnection", "auth_user",
                 "django_celery_beat_periodictask"):  # fmt: skip
        console.goto(reverse(f"admin:{name}_add"))
        expect(console.locator("#content-main")).to_be_visible()
        shoot(f"new-{name.replace('_', '-')}")


def test_it_shows_what_is_about_to_happen(console: Page, shoot):
    RoutingRule.objects.filter(name="Partners").update(active=False)
    console.goto(reverse("admin:routing_routingrule_changelist"))
    expect(console.get_by_text("1 unpublished change")).to_be_visible()
    shoot("rules-unpublished")
    console.get_by_role("link", name="Check and publish").click()
    expect(console.get_by_role("button", name="Publish version 2")).to_be_visible()
    shoot("publish")
    Rotation.objects.filter(name="DACH round robin").update(active=False)
    console.reload()
    expect(console.get_by_text("Fix first")).to_be_visible()
    shoot("publish-refused")

    console.goto(reverse("admin:routing_owner_switch_off", args=(Owner.objects.get(name="Alice Ames").pk,)))
    expect(console.get_by_role("button", name="Switch Alice Ames off")).to_be_visible()
    shoot("owner-leaves")

    console.goto(reverse("admin:routing_owner_changelist"))
    console.keyboard.press("Control+k")
    console.locator("#search-input-command").press_sequentially("alice")
    expect(console.locator("#command-results-list").get_by_text("Alice Ames")).to_be_visible()
    shoot("command-palette")


def test_it_asks_for_a_login(console: Page, shoot):
    console.context.clear_cookies()
    console.goto(reverse("admin:login"))
    expect(console.get_by_role("button", name="Log in")).to_be_visible()
    shoot("login")
