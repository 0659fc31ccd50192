"""E-mail addresses: validity, whose mailbox it is, and which two are one."""

import pytest

from intake.values import mailboxes
from intake.values.refusal import ValueRefused


@pytest.mark.parametrize(
    ("raw", "email"),
    [
        ("  Jane.Doe@Example.COM ", "jane.doe@example.com"),
        ("mailto:jane@acme.test", "jane@acme.test"),
        ("Jane Doe <Jane@Acme.test>", "jane@acme.test"),
        ("o'brien+crm@sub.example.co.uk", "o'brien+crm@sub.example.co.uk"),
        ("jürgen@müller.example.com", "jürgen@müller.example.com"),
    ],
)
def test_it_trims_and_lowers_an_address(raw, email):
    assert mailboxes.normalize_email(raw) == email


@pytest.mark.parametrize(
    "raw",
    [
        "jane",
        "jane@",
        "@example.com",
        "jane@example",
        "jane@@example.com",
        "jane@exa mple.com",
        "jane..doe@example.com",
        ".jane@example.com",
        "jane@-example.com",
        "jane@localhost",
        "jane@server.local",
        "x" * 65 + "@example.com",
        "jane@" + "a" * 250 + ".com",
        "",
    ],
)
def test_it_says_in_words_what_is_wrong_with_an_address(raw):
    with pytest.raises(ValueRefused) as refused:
        mailboxes.normalize_email(raw)
    assert refused.value.code == "email_invalid"
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "domain", ["gmail.com", "web.de", "yahoo.co.uk", "qq.com", "mailinator.com", "comcast.net"]
)
def test_it_knows_where_anybody_can_have_a_mailbox(domain):
    assert mailboxes.is_free_mail(domain)


@pytest.mark.parametrize("domain", ["globex.com", "acme.test", "sap.com", "example.com"])
def test_it_does_not_take_a_company_for_a_free_provider(domain):
    assert not mailboxes.is_free_mail(domain)


def test_it_knows_throw_away_mailboxes_also_below_a_known_domain():
    assert mailboxes.is_disposable("mailinator.com")
    assert mailboxes.is_disposable("inbox.mailinator.com")
    assert not mailboxes.is_disposable("gmail.com")


@pytest.mark.parametrize(
    "email", ["info@globex.com", "sales-emea@globex.com", "kontakt@globex.de", "globex@globex.com"]
)
def test_it_knows_mailboxes_that_several_people_read(email):
    assert mailboxes.is_role(email)
    assert not mailboxes.is_personal(email)


@pytest.mark.parametrize(
    "email", ["noreply@globex.com", "no-reply@globex.com", "test@test.com", "asdf@gmail.com", "aaa@b.com"]
)
def test_it_knows_addresses_that_only_fill_the_field(email):
    assert mailboxes.is_placeholder(email)
    assert not mailboxes.is_personal(email)


@pytest.mark.parametrize(
    "email", ["jane.doe@globex.com", "j@smith.example.com", "hr.mueller@web.de", "it-girl@gmail.com"]
)
def test_it_takes_other_mailboxes_for_one_persons_own(email):
    assert mailboxes.is_personal(email)


@pytest.mark.parametrize(
    ("email", "canonical"),
    [
        ("j.a.n.e+demo@googlemail.com", "jane@gmail.com"),
        ("jane@gmail.com", "jane@gmail.com"),
        ("jane.doe+x@outlook.com", "jane.doe@outlook.com"),
        ("jane.doe+x@globex.com", None),
    ],
)
def test_it_finds_the_mailbox_behind_dots_and_tags_at_known_providers_only(email, canonical):
    assert mailboxes.canonical_email(email) == canonical


def test_every_line_of_our_lists_is_a_domain_in_lower_case():
    for domain in mailboxes._free_domains() | mailboxes._disposable_domains():
        assert domain == domain.strip().lower()
        assert "." in domain
        assert " " not in domain
