"""Every exception leads to the page of what it is about; the layers below know only its type."""

import ast
from importlib import import_module

import pytest
from django.urls import resolve, reverse
from django.utils import timezone

from crm_sync.models import CrmConnection
from exception_queue import kinds, queue
from exception_queue.models import ExceptionItem, load_pages
from intake.models import Lead
from leadops.console import exception_pages
from routing.models import Owner, OwnerNotice, Rotation
from tests import make
from tests.structure.repository import called, first_party

pytestmark = pytest.mark.django_db


def opened(type_, id_, **detail):
    problem = queue.ExceptionReport("crm.rejected", queue.Subject(type_, str(id_), "It"), "No", detail)
    return queue.open_items([problem], now=timezone.now())[0]


def types_in_code():
    """The first argument of every Subject(...), as a word or as the constant that stands there."""
    found = set()
    for module in first_party():
        for call in module.nodes(ast.Call):
            if called(call) != "Subject":
                continue
            given = call.args[0] if call.args else next(kw.value for kw in call.keywords if kw.arg == "type")
            value = (
                given.value
                if isinstance(given, ast.Constant)
                else getattr(import_module(module.dotted), given.id)
            )
            found.add(value)
    return found


def test_each_type_of_subject_has_a_page():
    assert types_in_code() == set(exception_pages.SUBJECTS)


@pytest.mark.parametrize("kind", kinds.all_kinds(), ids=lambda kind: kind.key)
def test_each_kind_that_names_a_page_names_one_that_is_there(kind):
    assert not kind.action_page or kind.action_label
    assert not kind.action_url or resolve(kind.action_url)


def test_the_page_of_what_it_is_about_is_looked_up_by_type_and_id(acme):
    make.handed_off(make.american())
    lead, owner = Lead.objects.get(), Owner.objects.get(email="bob@acme.test")
    notice, rotation = OwnerNotice.objects.first(), Rotation.objects.first()
    hubspot = CrmConnection.objects.get()
    pages = {
        ("lead", lead.pk): reverse("admin:intake_lead_change", args=[lead.pk]),
        ("notice", notice.pk): reverse("admin:intake_lead_change", args=[notice.lead_id]),
        ("rotation", rotation.pk): reverse("admin:routing_rotation_change", args=[rotation.pk]),
        ("connection", hubspot.key): reverse("admin:crm_sync_crmconnection_change", args=[hubspot.pk]),
        ("owner", owner.email.lower()): reverse("admin:routing_owner_change", args=[owner.pk]),
        ("owner", "nobody@acme.test"): "",
        ("lead", "no id at all"): "",
        ("something of an older version", "7"): "",
    }
    assert {(type_, id_): opened(type_, id_).subject_url for type_, id_ in pages} == pages


def test_the_pages_of_many_items_take_no_more_queries_than_those_of_few(acme, django_assert_num_queries):
    for _ in range(3):
        make.handed_off(make.american())
    for notice in OwnerNotice.objects.all():
        opened("notice", notice.pk, connection="hubspot")
    for lead in Lead.objects.all():
        opened("lead", lead.pk, connection="hubspot")
    items = list(ExceptionItem.objects.all())
    with django_assert_num_queries(2):
        load_pages(items)
        assert all(item.subject_url and item.pages.shared for item in items)
