"""Files that people download, open in a spreadsheet and upload again."""

import csv
from io import StringIO

import pytest
from django.contrib import admin
from django.urls import reverse
from import_export.admin import ExportMixin, ImportMixin
from tablib import Dataset

from plumbing.admin_kit.file_formats import Csv, Json, Tsv, as_it_was, harmless
from routing.models import Owner

FORMULAS = [
    '=HYPERLINK("https://evil.test")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "'=1",
]
PAGES = [page for page in admin.site._registry.values() if isinstance(page, ExportMixin | ImportMixin)]


def exported(client, model="owner", format="0"):
    address = reverse(f"admin:routing_{model}_export")
    form = client.get(address).context["form"]
    chosen = {name: "on" for name in form.fields if name.startswith(f"{model}resource_")}
    return client.post(address, {"format": format, "resource": "", **chosen}).content.decode()


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_name_that_looks_like_a_formula_is_text_in_an_exported_file(maria, acme, formula):
    Owner.objects.filter(email="alice@acme.test").update(name=formula)
    rows = {row["email"]: row for row in csv.DictReader(StringIO(exported(maria), newline=""))}
    assert rows["alice@acme.test"]["name"] == f"'{formula}"
    assert as_it_was(f"'{formula}") == formula


@pytest.mark.parametrize("cell", ["-5", "+4930123456", "3.5", "it's", "'quoted'", "", None, 7])
def test_what_is_no_formula_stays_as_it_is(cell):
    assert harmless(cell) == as_it_was(cell) == cell


@pytest.mark.parametrize("format", [Csv(), Tsv(), Json()])
def test_an_exported_file_that_is_uploaded_again_says_the_same(format):
    whole = Dataset(
        *[(formula, "-5") for formula in FORMULAS if "\t" not in formula], headers=["name", "cap"]
    )
    again = format.create_dataset(format.export_data(whole))
    assert (again.headers, again[:]) == (whole.headers, whole[:])


def test_every_page_offers_the_same_formats_and_none_that_unfolds():
    assert PAGES
    for page in PAGES:
        for formats in ("get_export_formats", "get_import_formats"):
            if hasattr(page, formats):
                assert {each.__name__ for each in getattr(page, formats)()} <= {"Csv", "Tsv", "Json"}, page
