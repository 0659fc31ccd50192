"""Pages of configuration: what they show, what they refuse, and that they go through the writers."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm_sync.connection_settings import SystemOfRecord
from crm_sync.models import CrmConnection, FieldMapping, OutboxEntry
from intake import models
from intake.form_settings import ConfirmationEmail, ThrottleLimits
from intake.models import BlockedSender, IntakeForm, ValueAlias
from plumbing import secrets
from plumbing.admin_kit.pages import Page
from routing.models import (
    NamedAccount,
    Owner,
    Queue,
    Rotation,
    RoutingRule,
    RoutingSettings,
    RuleSet,
    ScoringRule,
    SlaPolicy,
    Territory,
    WorkCalendar,
)
from tests import make

PAGES = [
    page
    for page in admin.site._registry.values()
    if page.model._meta.app_label in ("intake", "routing", "crm_sync")
]


@pytest.fixture
def client(acme) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create_superuser("maria", "maria@acme.test"))
    return client


def page(model, row=None) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    return reverse(f"{name}_change", args=(row.pk,)) if row else reverse(f"{name}_add")


def listing(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def filled(client, model, row=None, **values) -> dict:
    """What the browser would send: the form as shown, with `values` typed over it."""
    shown = client.get(page(model, row)).context
    data = {}
    for form in [
        shown["adminform"].form,
        *(f for s in shown["inline_admin_formsets"] for f in s.formset.forms),
    ]:
        for bound in form:
            value = bound.value()
            widget = bound.field.widget
            if hasattr(widget, "columns"):
                for column in widget.columns:
                    data[f"{bound.html_name}-{column.name}"] = [
                        line.get(column.name, "") for line in value or []
                    ]
            elif isinstance(value, bool):
                data |= {bound.html_name: "on"} if value else {}
            elif value is not None:
                data[bound.html_name] = value
            if bound.field.show_hidden_initial:
                data[bound.html_initial_name] = value
    for formset in shown["inline_admin_formsets"]:
        for bound in formset.formset.management_form:
            data[bound.html_name] = bound.value()
    return {name: value for name, value in {**data, **values}.items() if value is not None}


def errors_of(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, "it was saved"
    return {name: list(errors) for name, errors in answer.context["adminform"].form.errors.items()}


def saved(answer) -> None:
    assert answer.status_code == 302, errors_of(answer) or [
        formset.formset.errors for formset in answer.context["inline_admin_formsets"]
    ]


def test_it_opens_every_list_and_form(client):
    for of in PAGES:
        assert client.get(listing(of.model)).status_code in (200, 302), of
        assert client.get(listing(of.model), {"q": "a"}).status_code in (200, 302), of
        row = of.model._default_manager.first()
        if row is not None:
            assert client.get(page(of.model, row)).status_code == 200, of


def test_it_says_what_an_empty_list_is_for():
    for of in PAGES:
        if isinstance(of, Page) and of.model is not RoutingSettings:
            assert of.empty_title and of.empty_text.endswith("."), of


@pytest.mark.parametrize("model", [RoutingRule, Rotation, Owner, Territory, Queue, IntakeForm, CrmConnection])
def test_it_asks_as_many_questions_for_many_rows_as_for_few(client, model):
    client.get(listing(model))
    with CaptureQueriesContext(connection) as few:
        client.get(listing(model))
    for number in range(5):
        twin(model, number)
    with CaptureQueriesContext(connection) as many:
        client.get(listing(model))
    assert len(many) <= len(few) + 1, [query["sql"][:160] for query in many.captured_queries]


def twin(model, number: int) -> None:
    row = model.objects.filter(**({"holding_queue": False} if model is Queue else {})).last()
    row.pk = None
    row._state.adding = True
    for name, value in {
        "name": f"Twin {number}",
        "key": f"twin-{number}",
        "email": f"twin{number}@acme.test",
        "fallback": False,
        "primary": False,
        "holding_queue": None if model is Rotation else False,
    }.items():
        if any(field.name == name for field in model._meta.fields):
            setattr(row, name, value)
    row.save()


# --- rules ------------------------------------------------------------------------------------------------------------


def test_it_says_rules_as_sentences(client):
    shown = client.get(listing(RoutingRule)).content.decode()
    assert "If territory is North America and segment is hot or warm" in shown
    assert "AMER round robin" in shown
    assert "of 3 on duty" in shown


def test_it_refuses_a_rule_that_sends_nowhere(client):
    rule = RoutingRule.objects.get(name="DACH")
    answer = client.post(page(RoutingRule, rule), filled(client, RoutingRule, rule, target_rotation=""))
    assert errors_of(answer) == {"target_rotation": ["Choose the rotation that gets these leads."]}


def test_it_forgets_the_targets_of_other_kinds(client):
    rule = RoutingRule.objects.get(name="DACH")
    queue = Queue.objects.get(name="Nurture")
    data = filled(client, RoutingRule, rule, target_kind="queue", target_queue=queue.pk)
    saved(client.post(page(RoutingRule, rule), data))
    rule.refresh_from_db()
    assert (rule.target_queue, rule.target_rotation) == (queue, None)
    assert rule.history.first().history_user.username == "maria"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (
            '{"all": [{"field": "country", "in": ["DE"]}, {"field": "contry", "eq": "DE"}]}',
            "Line 2: There is no field",
        ),
        ('{"all": [{"field": "country", "in": []}]}', "Line 1: country in needs a value"),
        (
            '{"any": [{"any": [{"any": [{"any": [{"field": "country", "eq": "DE"}]}]}]}]}',
            "Line 1.1.1: Groups go 3 deep",
        ),
        ("{nonsense", "Enter a valid JSON"),
    ],
)
def test_it_says_what_is_wrong_with_a_condition(client, when, said):
    rule = RoutingRule.objects.get(name="DACH")
    answer = client.post(page(RoutingRule, rule), filled(client, RoutingRule, rule, when=when))
    assert errors_of(answer)["when"][0].startswith(said)


def test_it_wants_a_condition_where_none_would_take_every_lead(client):
    rule = ScoringRule.objects.get(label="Enterprise size")
    answer = client.post(page(ScoringRule, rule), filled(client, ScoringRule, rule, when="{}"))
    assert errors_of(answer)["when"] == [
        "Add at least one comparison: it would otherwise hold for every lead."
    ]


def test_it_puts_a_new_rule_last(client):
    data = {"name": "Rest", "when": "{}", "target_kind": "account_owner", "active": "on"}
    saved(client.post(page(RoutingRule), data))
    assert RoutingRule.objects.last().name == "Rest"


# --- publishing -------------------------------------------------------------------------------------------------------


def test_it_shows_what_is_not_published_and_publishes_it(client):
    assert "Nothing differs from it" in client.get(listing(RoutingRule)).content.decode()
    RoutingRule.objects.filter(name="Partners").update(active=False)
    shown = client.get(listing(RoutingRule)).content.decode()
    assert "1 unpublished change" in shown
    assert "Rule “Partners” goes." in shown
    publish = reverse("admin:routing_ruleset_publish")
    assert "Rule “Partners” goes." in client.get(publish).content.decode()
    assert client.post(publish, {"note": "No partners for now"}).status_code == 302
    newest = RuleSet.objects.first()
    assert (newest.version, newest.note, newest.published_by) == (2, "No partners for now", "maria")


def test_it_refuses_to_publish_errors_and_says_how_to_mend_them(client):
    Rotation.objects.filter(name="DACH round robin").update(active=False)
    shown = client.get(reverse("admin:routing_ruleset_publish"))
    found = shown.context["errors_found"]
    assert found and all(one["hint"] for one in found)
    assert any(one["url"] == page(RoutingRule, RoutingRule.objects.get(name="DACH")) for one in found)
    answer = client.post(reverse("admin:routing_ruleset_publish"))
    assert "Not published" in answer.content.decode()
    assert RuleSet.objects.count() == 1


def test_it_lets_only_publishers_publish(client):
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.post(reverse("admin:routing_ruleset_publish")).status_code == 403


# --- rotations --------------------------------------------------------------------------------------------------------


def test_it_refuses_rotations_that_fall_back_on_each_other_in_a_circle(client):
    amer, dach = Rotation.objects.get(name="AMER round robin"), Rotation.objects.get(name="DACH round robin")
    Rotation.objects.filter(pk=dach.pk).update(when_empty="rotation", when_empty_rotation=amer)
    data = filled(client, Rotation, amer, when_empty="rotation", when_empty_rotation=dach.pk)
    assert errors_of(client.post(page(Rotation, amer), data))["when_empty_rotation"] == [
        "A circle: AMER round robin → DACH round robin → AMER round robin. "
        "Leads would never come to rest; let one of them end in a queue."
    ]
    data = filled(client, Rotation, amer, when_empty="rotation", when_empty_rotation=amer.pk)
    assert "own way out" in errors_of(client.post(page(Rotation, amer), data))["when_empty_rotation"][0]


def test_it_gives_a_rotation_that_holds_leads_a_line(client):
    rotation = Rotation.objects.get(name="DACH round robin")
    saved(client.post(page(Rotation, rotation), filled(client, Rotation, rotation, when_empty="hold")))
    rotation.refresh_from_db()
    assert rotation.holding_queue.holding_queue


def test_it_changes_members_with_history(client):
    rotation = Rotation.objects.get(name="AMER round robin")
    members = list(rotation.members.order_by("pk"))
    data = filled(client, Rotation, rotation) | {"members-0-weight": "5", "members-2-DELETE": "on"}
    saved(client.post(page(Rotation, rotation), data))
    assert [(m.owner.name, float(m.weight)) for m in rotation.members.order_by("pk")] == [
        ("Alice Ames", 5.0),
        ("Bob Burke", 2.0),
    ]
    assert members[0].history.first().history_user.username == "maria"


def test_a_rotation_says_whether_leads_that_only_some_can_take_count(client):
    rotation = Rotation.objects.get(name="AMER round robin")
    shown = client.get(page(Rotation, rotation)).content.decode()
    assert "Leads that only some can take" in shown
    assert "So many leads more than their share" in shown
    data = filled(client, Rotation, rotation, specialist_leads="extra", max_leads_ahead="5")
    saved(client.post(page(Rotation, rotation), data))
    rotation.refresh_from_db()
    assert (rotation.specialist_leads, rotation.max_leads_ahead) == ("extra", 5)


def test_it_shows_what_is_due_minus_what_was_got_in_leads(client):
    make.handed_off(make.american())
    rotation = Rotation.objects.get(name="AMER round robin")
    shown = client.get(page(Rotation, rotation)).content.decode()
    assert "due minus got −0.5" in shown
    assert "0.0 → −0.5" in shown
    assert "Nobody is more than 0.5 leads from their share." in shown


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "field"), [(IntakeForm, "secret"), (CrmConnection, "token")])
def test_it_keeps_stores_and_forgets_secrets_without_showing_them(client, model, field):
    row = IntakeForm.objects.get(key="typeform-quote") if model is IntakeForm else CrmConnection.objects.get()
    saved(client.post(page(model, row), filled(client, model, row, **{field: "very-secret"})))
    row.refresh_from_db()
    stored = getattr(row, field)
    assert stored != "very-secret" and secrets.decrypt(stored) == "very-secret"

    shown = client.get(page(model, row)).content.decode()
    assert "very-secret" not in shown and stored not in shown
    saved(client.post(page(model, row), filled(client, model, row)))
    row.refresh_from_db()
    assert secrets.decrypt(getattr(row, field)) == "very-secret"

    saved(client.post(page(model, row), filled(client, model, row, **{field: "-"})))
    row.refresh_from_db()
    assert getattr(row, field) == ""


def test_whoever_may_only_look_sees_that_a_secret_is_stored_and_not_its_ciphertext(client):
    form, row = IntakeForm.objects.get(key="typeform-quote"), CrmConnection.objects.get()
    IntakeForm.objects.filter(pk=form.pk).update(
        secret=secrets.encrypt("hush"), token=secrets.encrypt("hush")
    )
    CrmConnection.objects.update(token=secrets.encrypt("hush"))
    looker = User.objects.create_user("otto", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    for who in (client, Client(headers={"host": "127.0.0.1"})):
        if who is not client:
            who.force_login(looker)
        for model, seen in ((IntakeForm, form), (CrmConnection, row)):
            for suffix in ("change", "history"):
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{suffix}"
                text = who.get(reverse(name, args=(seen.pk,))).content.decode()
                assert "gAAAA" not in text, (model, suffix)
    shown = who.get(page(CrmConnection, row)).content.decode()
    assert re.search(r">\s*Stored\s*<", shown) and re.search(r">\s*Not stored\s*<", shown)


def test_an_address_inside_is_refused_at_its_field(client, settings):
    settings.LEADOPS_PRIVATE_ADDRESSES = []
    row = CrmConnection.objects.get()
    for address in ("http://169.254.169.254/latest", "http://localhost:5432", "https://[::1]/"):
        answer = client.post(
            page(CrmConnection, row),
            filled(client, CrmConnection, row, base_url=address, token="theirs", token_env=""),
        )
        assert "LEADOPS_PRIVATE_ADDRESSES" in str(errors_of(answer)["base_url"]), address


def test_whoever_changes_an_address_enters_the_token_again(client):
    row = CrmConnection.objects.get()
    CrmConnection.objects.update(token=secrets.encrypt("very-secret"), token_env="")
    elsewhere = {"base_url": "https://crm.attacker.test/latest"}
    for change in (elsewhere, {"base_url": ""}):
        assert "enter the token" in str(
            errors_of(client.post(page(CrmConnection, row), filled(client, CrmConnection, row, **change)))[
                "token"
            ]
        )
    saved(
        client.post(page(CrmConnection, row), filled(client, CrmConnection, row, **elsewhere, token="theirs"))
    )
    row.refresh_from_db()
    assert (row.base_url, secrets.decrypt(row.token)) == (elsewhere["base_url"], "theirs")


def test_a_token_by_variable_goes_only_where_a_configuration_file_sent_it(client):
    row = CrmConnection.objects.get()
    assert row.token_env == "HUBSPOT_TOKEN"
    elsewhere = "https://crm.attacker.test/latest"

    def refused(**change):
        answer = client.post(page(CrmConnection, row), filled(client, CrmConnection, row, **change))
        return "is not sent to" in str(errors_of(answer)["token_env"])

    assert refused(base_url=elsewhere)
    # A token of their own opens no way round: it could be removed afterwards, which the variable survives.
    assert refused(base_url=elsewhere, token="theirs")
    saved(
        client.post(
            page(CrmConnection, row),
            filled(client, CrmConnection, row, base_url=elsewhere, token="theirs", token_env=""),
        )
    )
    assert refused(token_env="HUBSPOT_TOKEN")
    assert refused(token_env="LEADOPS_SECRET_OTHER", token="-")
    saved(
        client.post(
            page(CrmConnection, row),
            filled(client, CrmConnection, row, base_url="", token_env="HUBSPOT_TOKEN", token="-"),
        )
    )


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "LEADOPS_ENCRYPTION_KEYS", "DATABASE_URL", "LEADOPS_SECRET_NAMES", "HOME"]
)
@pytest.mark.parametrize(
    ("model", "field"),
    [(IntakeForm, "secret_env"), (CrmConnection, "token_env"), (CrmConnection, "webhook_secret_env")],
)
def test_a_variable_that_is_not_for_others_cannot_be_named(client, model, field, name):
    row = IntakeForm.objects.get(key="typeform-quote") if model is IntakeForm else CrmConnection.objects.get()
    answer = client.post(page(model, row), filled(client, model, row, **{field: name}))
    assert name in str(errors_of(answer)[field])


# --- calendars --------------------------------------------------------------------------------------------------------


def test_it_reads_opening_hours_as_people_write_them(client):
    calendar = WorkCalendar.objects.get(name="DACH business hours")
    before = (calendar.hours, calendar.holidays)
    data = filled(client, WorkCalendar, calendar, special_days="2026-12-24 09:00-12:00\n2026-12-31 closed")
    saved(client.post(page(WorkCalendar, calendar), data))
    calendar.refresh_from_db()
    assert (calendar.hours, calendar.holidays) == before
    assert calendar.days == [
        {"date": "2026-12-24", "hours": ["09:00-12:00"]},
        {"date": "2026-12-31", "hours": []},
    ]
    assert "2026-12-24 09:00-12:00" in client.get(page(WorkCalendar, calendar)).content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"tue": "9 to 5"}, "tue"),
        ({"special_days": "Christmas closed"}, "special_days"),
        ({"holiday_subdivision": "ATLANTIS"}, "holiday_subdivision"),
        (dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ""), "mon"),
    ],
)
def test_it_says_which_hours_it_cannot_read(client, typed, field):
    calendar = WorkCalendar.objects.get(name="DACH business hours")
    answer = client.post(page(WorkCalendar, calendar), filled(client, WorkCalendar, calendar, **typed))
    assert list(errors_of(answer)) == [field]


# --- forms, words, response times, accounts, connections --------------------------------------------------------------


def test_it_writes_a_form_without_anybody_writing_json(client):
    form = IntakeForm.objects.get(key="demo-request")
    data = filled(client, IntakeForm, form) | {
        "field_map-left": ["Your company", ""],
        "field_map-right": ["company", ""],
        "throttle_per_ip": "50",
        "allowed_origins": "https://www.acme.test/\nhttps://shop.acme.test",
        "required": ["email", "company"],
    }
    saved(client.post(page(IntakeForm, form), data))
    form.refresh_from_db()
    assert form.field_map == {"Your company": "company"}
    assert form.defaults == {"intent": "demo_request"}
    assert form.throttle == ThrottleLimits(per_ip=50)
    assert form.allowed_origins == ["https://www.acme.test", "https://shop.acme.test"]
    assert form.required == ["email", "company"]


def test_a_thank_you_mail_that_nobody_sends_is_not_offered_and_stays_stored(client):
    form = IntakeForm.objects.get(key="demo-request")
    assert "Thank-you mail" not in client.get(page(IntakeForm, form)).content.decode()
    saved(client.post(page(IntakeForm, form), filled(client, IntakeForm, form, name="Demo, please")))
    form.refresh_from_db()
    assert form.name == "Demo, please"
    assert form.confirmation_email == ConfirmationEmail(subject="Thanks, we will be in touch", within="5m")


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        (
            {"field_map-left": ["a", "a"], "field_map-right": ["email", "phone"]},
            "field_map",
            "“a” stands there twice.",
        ),
        ({"field_map-left": ["a"], "field_map-right": [""]}, "field_map", "“a” stands alone"),
        (
            {"allowed_origins": "www.acme.test"},
            "allowed_origins",
            "“www.acme.test” is not a website's origin",
        ),
    ],
)
def test_it_says_what_is_wrong_with_a_form(client, typed, field, said):
    form = IntakeForm.objects.get(key="demo-request")
    answer = client.post(page(IntakeForm, form), filled(client, IntakeForm, form) | typed)
    assert errors_of(answer)[field][0].startswith(said)


def test_it_shows_where_to_post_and_what_came_in(client):
    shown = client.get(page(IntakeForm, IntakeForm.objects.get(key="demo-request"))).content.decode()
    assert "/api/v1/forms/demo-request/submissions" in shown
    assert "Nothing yet" in shown


def test_it_reads_the_steps_of_a_response_time(client):
    policy = SlaPolicy.objects.get(name="Hot leads")
    before = policy.steps
    saved(client.post(page(SlaPolicy, policy), filled(client, SlaPolicy, policy)))
    policy.refresh_from_db()
    assert policy.steps == before
    data = filled(client, SlaPolicy, policy) | {
        "steps-at": ["50%", "later"],
        "steps-do": ["remind_owner", "queue"],
    }
    data |= {f"steps-{name}": ["", ""] for name in ("clock", "queue", "exclude")}
    assert errors_of(client.post(page(SlaPolicy, policy), data))["steps"][0].startswith(
        "Step 2: 'later' is not a"
    )


def test_the_steps_that_find_an_account_are_put_in_order_and_switched_off(client):
    row, _ = RoutingSettings.objects.get_or_create(pk=1)
    data = filled(client, RoutingSettings, row)
    client.post(page(RoutingSettings, row), {**data, "account_steps-step": ["name", "domain", ""]})
    assert RoutingSettings.objects.get().account_steps == ["name", "domain"]
    twice = client.post(page(RoutingSettings, row), {**data, "account_steps-step": ["name", "name"]})
    assert errors_of(twice)["account_steps"][0].endswith("stands there twice.")


def test_it_refuses_a_domain_that_belongs_to_another_account(client):
    data = {"company": "Globex Europe", "domains": "www.globex.de", "active": "on"}
    answer = client.post(page(NamedAccount), data)
    assert errors_of(answer)["domains"] == ["globex.de belongs to Globex already."]


def test_it_refuses_a_territory_inside_itself(client):
    north, west = Territory.objects.get(name="North America"), Territory.objects.get(name="West Coast")
    answer = client.post(page(Territory, north), filled(client, Territory, north, parent=west.pk))
    assert errors_of(answer)["parent"][0].startswith("A circle: North America is inside West Coast")


def test_it_keeps_one_fallback_queue(client):
    queue = Queue.objects.get(name="Nurture")
    answer = client.post(page(Queue, queue), filled(client, Queue, queue, fallback="on"))
    assert errors_of(answer)["fallback"] == ["“Triage” is the fallback already. Clear it there first."]


def test_it_writes_mappings_and_asks_the_crm_again(client):
    crm = CrmConnection.objects.get()
    CrmConnection.objects.filter(pk=crm.pk).update(health="auth_lost", failures=3)
    data = filled(client, CrmConnection, crm) | {"task_when": ["hot"]}
    mapping = FieldMapping.objects.get(connection=crm, canonical="status")
    index = [data[f"mappings-{n}-canonical"] for n in range(int(data["mappings-TOTAL_FORMS"]))].index(
        "status"
    )
    data[f"mappings-{index}-values"] = "new=NEW; working=BUSY"
    saved(client.post(page(CrmConnection, crm), data))
    crm.refresh_from_db()
    mapping.refresh_from_db()
    assert mapping.values == {"new": "NEW", "working": "BUSY"}
    assert (crm.health, crm.failures, crm.task.when, crm.task.due) == ("ok", 0, ["hot"], "sla")
    assert crm.system_of_record == SystemOfRecord(owner="leadops", lifecycle="crm", default="most_recent")


@pytest.mark.parametrize(
    ("kind", "value"), [("ip", "somewhere"), ("domain", "https://spam.example"), ("email", "spam.example")]
)
def test_it_refuses_a_sender_that_nobody_can_be(client, kind, value):
    assert list(errors_of(client.post(page(BlockedSender), {"kind": kind, "value": value}))) == ["value"]


@pytest.mark.parametrize(
    ("typed", "kept"), [("192.0.2.77/24", "192.0.2.0/24"), (" 2001:DB8::7 ", "2001:db8::7")]
)
def test_it_keeps_a_blocked_network_as_the_stage_compares_it(client, typed, kept):
    client.post(page(BlockedSender), {"kind": "ip", "value": typed})
    assert BlockedSender.objects.get().value == kept


@pytest.mark.parametrize("value", ["everybody", "@gmail.com"])
def test_it_refuses_a_test_address_that_is_none_or_everybodys(client, value):
    answer = client.post(page(models.TestAddress), {"pattern": value, "active": "on"})
    assert list(errors_of(answer)) == ["pattern"]


def test_it_keeps_a_test_address_once_and_as_addresses_are(client):
    saved(client.post(page(models.TestAddress), {"pattern": " *+Test@Acme.test", "active": "on"}))
    assert models.TestAddress.objects.get().pattern == "*+test@acme.test"
    answer = client.post(page(models.TestAddress), {"pattern": "*+TEST@acme.test", "active": "on"})
    assert list(errors_of(answer)) == ["pattern"]


def test_it_switches_rows_off_rather_than_deleting_them(client):
    for model in (IntakeForm, Owner, Queue, Rotation, CrmConnection, WorkCalendar):
        row = model.objects.first()
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_delete"
        assert client.post(reverse(name, args=(row.pk,)), {"post": "yes"}).status_code == 403
    alias = ValueAlias.objects.first()
    client.post(reverse("admin:intake_valuealias_delete", args=(alias.pk,)), {"post": "yes"})
    assert not ValueAlias.objects.filter(pk=alias.pk).exists()


def test_it_finds_people_rules_and_forms_from_the_command_palette(client):
    shown = client.get(reverse("admin:search"), {"s": "alice", "extended": "1"}).content.decode()
    assert page(Owner, Owner.objects.get(email="alice@acme.test")) in shown


def test_it_asks_before_it_switches_an_owner_off(client):
    bob = Owner.objects.get(email="bob@acme.test")
    assert 'name="active"' not in client.get(page(Owner, bob)).content.decode()
    leave = reverse("admin:routing_owner_switch_off", args=(bob.pk,))
    shown = client.get(leave).content.decode()
    assert "If Bob Burke is switched off" in shown and "AMER round robin" in shown
    bob.refresh_from_db()
    assert bob.active
    assert client.post(leave).status_code == 302
    bob.refresh_from_db()
    assert not bob.active
    assert client.get(leave).status_code == 403

    back = reverse("admin:routing_owner_switch_on", args=(bob.pk,))
    client.get(back)
    bob.refresh_from_db()
    assert not bob.active, "looking at the question answers nothing"
    assert client.post(back, {"_form_submitted": "True"}).headers["HX-Redirect"] == page(Owner, bob)
    bob.refresh_from_db()
    assert bob.active


def test_an_owner_may_have_an_sdr_who_is_somebody_else(client):
    alice, bob = (Owner.objects.get(email=f"{name}@acme.test") for name in ("alice", "bob"))
    given = {"name": alice.name, "email": alice.email, "skills": "", **absences_of_nobody()}
    refused = client.post(page(Owner, alice), {**given, "sdr": alice.pk}).content.decode()
    assert "Nobody is their own SDR" in refused
    assert client.post(page(Owner, alice), {**given, "sdr": bob.pk}).status_code == 302
    alice.refresh_from_db()
    assert alice.sdr == bob
    assert "takes the new leads of Alice Ames’s accounts" in client.get(page(Owner, alice)).content.decode()
    assert "Takes the new leads of" in client.get(page(Owner, bob)).content.decode()


def absences_of_nobody() -> dict[str, str]:
    return {f"absences-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}


def reader() -> Client:
    """Somebody who may look at everything and change nothing."""
    user = User.objects.create_user("bob", "bob@acme.test", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__regex="^(view_|all_teams)"))
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (RoutingRule, "account is a named account"),
        (ScoringRule, "employees"),
        (SlaPolicy, "at 50% remind the owner; at 100% tell the manager"),
        (Territory, "country is"),
        (Rotation, "Triage"),
        (IntakeForm, "How many people work at your company?: employee_count"),
        (CrmConnection, "hot, warm"),
        (RoutingSettings, "stays with its owner for 90 days"),
    ],
)
def test_who_may_only_look_reads_words_and_finds_nothing_to_press(acme, model, says):
    looking = reader()
    RoutingSettings.objects.get_or_create(pk=1)
    pages = [unescape(looking.get(page(model, row)).content.decode()) for row in model.objects.all()]
    assert any(says.lower() in text.lower() for text in pages)
    for text in pages:
        form = text[text.index(f'id="{model._meta.model_name}_form"') :].partition("</form>")[0]
        assert not re.search(r">\s*[\[{]|<pre", form), "JSON is nothing for people"
        # A field that is only read is no variable that a condition of the page could ask.
        assert not re.search(r'x-show="(?!active)\w+ (==|>)', form)
        assert 'name="_save"' not in form


# --- the order of rows, and who may act ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [RoutingRule, Territory, ScoringRule, SlaPolicy])
def test_an_order_is_saved_as_a_draft_at_once(client, model):
    address = listing(model) + "order/"
    before = list(model.objects.order_by("position", "pk").values_list("pk", flat=True))
    assert len(before) > 1
    answer = client.post(address, {"row": before[::-1]})
    after = list(model.objects.order_by("position", "pk").values_list("pk", flat=True))
    assert sorted(after) == sorted(before)
    assert after != before
    assert sorted(answer.json()["before"]) == sorted(before)
    client.post(address, {"row": answer.json()["before"]})
    assert list(model.objects.order_by("position", "pk").values_list("pk", flat=True)) == before


def test_rows_that_a_filter_hides_keep_their_place(client):
    rules = list(RoutingRule.objects.exclude(target_kind="account_owner").order_by("position", "pk"))
    first, *others, last = rules
    client.post(listing(RoutingRule) + "order/", {"row": [last.pk, first.pk, "nonsense", 999999]})
    after = list(RoutingRule.objects.exclude(target_kind="account_owner").order_by("position", "pk"))
    assert after == [last, *others, first]


def test_an_order_is_changed_by_those_who_may_change_rules_and_by_no_link(client):
    address = listing(RoutingRule) + "order/"
    assert client.get(address).status_code == 405
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_routingrule"))
    client.force_login(clerk)
    assert client.post(address, {"row": []}).status_code == 403


def test_each_action_of_a_list_asks_for_a_permission_of_its_own():
    """Django offers an action without one to everybody who may look."""
    unguarded = [
        f"{site_page.model._meta.label}: {getattr(action, '__name__', action)}"
        for site_page in PAGES
        for action in (getattr(site_page, name, name) for name in site_page.actions or ())
        if not getattr(action, "allowed_permissions", None)
    ]
    assert unguarded == []


def test_who_may_only_look_at_the_outbox_has_nothing_tried_again(client):
    address = listing(OutboxEntry)
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_outboxentry", "all_teams"]))
    client.force_login(clerk)
    assert "Try again" not in client.get(address).content.decode()
    clerk.user_permissions.add(Permission.objects.get(codename="change_outboxentry"))
    make.handed_off(make.american())
    assert "Try again" in client.get(address).content.decode()
