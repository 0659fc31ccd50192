"""Named accounts from a file: shown first, applied when somebody says so, and only what was shown."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from routing.models import NamedAccount, Owner

pytestmark = pytest.mark.django_db

ASK, APPLY = (
    reverse("admin:routing_namedaccount_import"),
    reverse("admin:routing_namedaccount_process_import"),
)
TEXT = """Account Name,Website,Account Owner,Notes
Globex,globex.com,bob@acme.test,x
Umbrella,umbrella.com facebook.com,eva@acme.test,
Vandelay,,somebody.else@x.test,
"""


@pytest.fixture(autouse=True)
def accounts(db):
    eva = Owner.objects.create(email="eva@acme.test", name="Eva Ernst")
    Owner.objects.create(email="bob@acme.test", name="Bob Brown")
    NamedAccount.objects.create(company="Globex", domains=["globex.com"], owner=eva)
    NamedAccount.objects.create(company="Elsewhere", domains=["umbrella.com"])


def shown(client, text=TEXT):
    return client.post(ASK, {"file": SimpleUploadedFile("accounts.csv", text.encode())})


def said_yes(page):
    return {"token": page.context["token"], "seen": page.context["found"].fingerprint}


def test_a_file_is_shown_as_what_it_would_change_and_nothing_is_written(admin_client):
    page = shown(admin_client)
    text = page.content.decode()
    for said in (
        "1 changes owner, 1 domain in two accounts, 1 new, 1 unknown owner.",
        "Line 4: “Account Owner” is “somebody.else@x.test”, and no owner here has that address or name.",
        "Elsewhere · Umbrella",
        "Eva Ernst</td><td><b>Bob Brown",
        "Columns that are not read: Notes.",
        "where many companies have a page",
        "Apply 2 changes, without the lines left out",
    ):
        assert said in text
    assert NamedAccount.objects.count() == 2


def test_what_was_shown_is_applied_with_the_name_of_whoever_did(admin_client, admin_user):
    page = shown(admin_client)
    answer = admin_client.post(APPLY, said_yes(page), follow=True)
    assert [str(one) for one in answer.context["messages"]] == [
        "accounts.csv: 2 accounts written (1 changes owner, 1 domain in two accounts, 1 new, 1 unknown owner)."
    ]
    row = NamedAccount.objects.get(company="Globex")
    assert str(row.owner) == "Bob Brown"
    assert row.history.latest("history_id").history_user == admin_user
    again = admin_client.post(APPLY, said_yes(page), follow=True)
    assert [str(one) for one in again.context["messages"]] == [
        "The file is not kept any more: choose it again."
    ]


def test_what_changed_since_it_was_shown_is_shown_again(admin_client):
    page = shown(admin_client)
    NamedAccount.objects.filter(company="Globex").update(owner=None)
    answer = admin_client.post(APPLY, said_yes(page))
    assert "Accounts were changed since this was shown" in answer.content.decode()
    assert not NamedAccount.objects.filter(company="Umbrella").exists()
    admin_client.post(APPLY, said_yes(answer))
    assert NamedAccount.objects.filter(company="Umbrella").exists()


def test_nobody_applies_the_file_of_somebody_else(admin_client, client, django_user_model):
    page = shown(admin_client)
    client.force_login(django_user_model.objects.create_superuser("other"))
    client.post(APPLY, said_yes(page))
    assert NamedAccount.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "why"), [("website\nx.com\n", "No column is the company"), ("", "empty"), ("company\n\0", "")]
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(admin_client, text, why):
    page = shown(admin_client, text)
    assert page.status_code == 200
    assert why in page.content.decode()
    assert NamedAccount.objects.count() == 2


def test_an_export_of_accounts_comes_back_as_no_change(admin_client):
    NamedAccount.objects.create(
        company="=Formula", domains=["a.com", "b.com"], phone="+12125550100", active=False
    )
    page = admin_client.post(reverse("admin:routing_namedaccount_export"), {"format": "0", "resource": ""})
    assert page["content-type"] == "text/csv"
    back = shown(admin_client, page.content.decode())
    assert back.context["found"].sentence() == "3 stay as they are"


def test_how_far_it_is_can_be_asked(admin_client):
    page = admin_client.get(f"{ASK}?of=nothing")
    assert "Reading and comparing the file" in page.content.decode()
