"""A file of named accounts, from the list to the list."""

import re

import pytest
from playwright.sync_api import Page, expect

from routing.models import NamedAccount

pytestmark = pytest.mark.browser


def test_accounts_come_from_a_file_that_is_shown_first(console: Page, shoot, tmp_path):
    NamedAccount.objects.create(company="Elsewhere Holding", domains=["umbrella0.com"])
    lines = [f"Umbrella {n},umbrella{n}.com,{('eva', 'bob')[n % 2]}@acme.test,x" for n in range(40)]
    file = tmp_path / "accounts.csv"
    file.write_text(
        "Account Name,Website,Account Owner,Notes\nGlobex,globex.com globex.de,bob@acme.test,\n"
        + "\n".join(lines)
        + "\nVandelay,vandelay.com,bobb@acme.test,\nHooli,https://facebook.com/hooli,bob@acme.test,\nInitech,nodomain,,\n"
    )
    console.goto("/admin/routing/namedaccount/")
    console.get_by_role("link", name=re.compile("Import")).first.click()
    shoot("account-import-ask")
    console.set_input_files("input[type=file]", str(file))
    console.get_by_role("button", name="Show what changes").click()
    expect(console.get_by_text("1 changes owner, 1 domain in two accounts")).to_be_visible()
    shoot("account-import")
    before = NamedAccount.objects.count()
    console.get_by_role("button", name=re.compile("Apply 42 changes")).click()
    expect(console.get_by_text("42 accounts written")).to_be_visible()
    assert NamedAccount.objects.count() == before + 41
