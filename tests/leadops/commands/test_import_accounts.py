"""A file of accounts is shown first, and written on demand."""

import pytest
from django.core.management.base import CommandError

from routing.models import NamedAccount, Owner
from tests.leadops.commands.running import run

pytestmark = pytest.mark.django_db

TEXT = """Account Name,Website,Account Owner,Notes
Globex,globex.com,bob@acme.test,x
Umbrella,umbrella.com,eva@acme.test,
Vandelay,,somebody.else@x.test,
"""


@pytest.fixture
def file(tmp_path):
    eva = Owner.objects.create(email="eva@acme.test", name="Eva Ernst")
    Owner.objects.create(email="bob@acme.test", name="Bob Brown")
    NamedAccount.objects.create(company="Globex", domains=["globex.com"], owner=eva)
    NamedAccount.objects.create(company="Elsewhere", domains=["umbrella.com"])
    written = tmp_path / "accounts.csv"
    written.write_text(TEXT)
    return str(written)


def test_it_says_what_would_change_and_writes_nothing(file):
    status, shown, notified = run("import_accounts", file)
    assert status == 1
    assert shown.splitlines() == [
        "Account Name -> company, Website -> domains, Account Owner -> owner",
        "Not read: Notes",
        "Globex: Eva Ernst -> Bob Brown",
        "umbrella.com: Elsewhere, Umbrella",
        "Umbrella: new",
        "1 changes owner, 1 domain in two accounts, 1 new, 1 unknown owner. Nothing was written: --apply does it.",
    ]
    assert notified == (
        f"{file}, line 4: “Account Owner” is “somebody.else@x.test”, and no owner here has that address or name.\n"
    )
    assert NamedAccount.objects.count() == 2


def test_it_writes_what_can_be_taken_and_says_how_far_it_is(file):
    status, shown, notified = run("import_accounts", file, "--apply")
    assert status == 1
    assert shown.endswith("2 accounts written.\n")
    assert "1 of 2 written" in notified
    assert NamedAccount.objects.get(company="Globex").owner == Owner.objects.get(email="bob@acme.test")
    assert NamedAccount.objects.filter(company="Umbrella").exists()


def test_a_file_that_is_not_there_or_means_nothing_is_said_in_a_sentence(file, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run("import_accounts", str(tmp_path / "none.csv"))
    (tmp_path / "other.csv").write_text("website\nx.com\n")
    with pytest.raises(CommandError, match="No column is the company's name: website"):
        run("import_accounts", str(tmp_path / "other.csv"))
