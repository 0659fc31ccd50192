"""E-mail addresses: what is valid, whose mailbox it is, and when two addresses are one mailbox."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from intake.values.refusal import ValueRefused
from intake.values.text import read_lines, without_invisible, words
from intake.values.web import registrable_domain

_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BETWEEN = re.compile(r"[;,()\[\]<>{}\"“”„«»]+|:\s+")
# What people and programs leave around an address; some of it would be valid inside of one. A point in front is no debris.
_QUOTES = "'’‘‚`´*|"
_LINK = "mailto:"
_DEBRIS = "'’‘‚`´.:!?*|\\/"

# Mailboxes that several people read.
ROLE_MAILBOXES = words(
    """
    abuse accounting accounts admin administration administrator all anfrage anfragen assistant billing
    board booking bookings bestellung bewerbung buchhaltung buero business careers ceo cfo commercial
    company contabilidad comptabilite contact contacto contacts contactus cs cto customer customercare
    customers customerservice customersupport dept desk dispo einkauf empfang enquiries enquiry events
    everyone export facturacion faq feedback finance firma frontdesk general gf hallo hello help
    helpdesk hi hola home hostmaster hr info infodesk informacion information informations infos inbox
    inquiries inquiry international invoice invoices it jobs kontakt kundenservice kundendienst legal
    mail mailbox management manager marketing media moderator news newsletter noc office online
    operations ops order orders partner partners payments personal personnel post postmaster presse
    press pr privacy procurement production projects purchasing rechnung reception recruiting
    recruitment registration reservation reservations root rsvp sale sales sekretariat secretariat
    secretary security service services shop staff studio subscribe support sysadmin team tech technik
    technical ventas verkauf vertrieb verwaltung web webmaster welcome work zentrale
    """
)
# What people type who do not want to be written to.
_PLACEHOLDER_MAILBOXES = words(
    """
    abc abcd abcdef anonymous asd asdasd asdf asdfasdf asdfgh asdfghjkl aaa bbb blah demo donotreply
    example fake foo foobar keine mustermann na name nein no nobody noemail nomail none noone noreply
    nothing null qwe qwer qwert qwerty qwertz qwertyuiop test teste tester testing testtest unknown user
    username x xx xxx xyz xxxx you your youremail yourname
    """
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a provider ignores in a mailbox name; `domain` is where all its spellings lead."""

    ignores_dots: bool
    domain: str | None = None


_DOTS_AND_TAGS, _TAGS = _Rule(ignores_dots=True), _Rule(ignores_dots=False)
_PROVIDERS: dict[str, _Rule] = {
    "gmail.com": _DOTS_AND_TAGS,
    "googlemail.com": _Rule(ignores_dots=True, domain="gmail.com"),
    **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), _DOTS_AND_TAGS),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de"), _TAGS),
    **dict.fromkeys(("hotmail.co.uk", "hotmail.fr", "outlook.fr", "live.de", "live.fr", "live.co.uk"), _TAGS),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com", "fastmail.com", "fastmail.fm", "hey.com"), _TAGS),
    **dict.fromkeys(
        ("zoho.com", "mailbox.org", "posteo.de", "tutanota.com", "tuta.com", "yandex.com"), _TAGS
    ),
}


def normalize_email(raw: str) -> str:
    """The address trimmed and in lower case; ValueRefused says in words what is wrong with it.

    Takes `mailto:` links, `Jane Doe <jane@example.com>`, and an address in quotes, brackets or words. Of several the first
    that is one counts. Whether a mailbox exists is not asked.
    """
    text = without_invisible(raw).strip()
    found = addresses_in(text)
    if not found and "@" not in text:
        raise ValueRefused(
            "email_invalid", "There is no address." if not text else "An email address must have an @-sign."
        )
    problem: ValueRefused | None = None
    for candidate in found or [text]:
        try:
            return _valid(candidate.lower())
        except ValueRefused as refused:
            problem = problem or refused
    assert problem is not None
    raise problem


def _valid(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if at and text.isascii() and len(text) <= 254 and len(local) <= 64 and _LOCAL_PART.fullmatch(local):
        if (problem := _domain_problem(domain)) is None:
            return text
        raise ValueRefused("email_invalid", problem)
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise ValueRefused("email_invalid", str(error)) from None
    return found.normalized.lower()


def addresses_in(text: str) -> list[str]:
    """What looks like an address in a text, once each, without what stands around it."""
    found: dict[str, str] = {}
    for part in _BETWEEN.split(text):
        before = "@"
        for word in part.split():
            # A word in front may be half of the mailbox's name: "anna maria@example.com".
            if "@" in word and "@" in before and (bare := _without_debris(word)):
                found.setdefault(bare.lower(), bare)
            before = word
    return list(found.values())


def _without_debris(part: str) -> str:
    _before, link, address = part.rpartition(_LINK) if _LINK in part else ("", "", part)
    if part[: len(_LINK)].lower() == _LINK:
        link, address = _LINK, part[len(_LINK) :]
    local, at, domain = address.rpartition("@")
    # A link may say more than the address: its subject, for one.
    bare = f"{local}{at}{domain.partition('?')[0]}".lstrip(_QUOTES).rstrip(_DEBRIS)
    return unquote(bare) if link else bare


def several_addresses(raw: str) -> list[str]:
    """The addresses of a text that holds more than one ("a@example.com; b@example.com"), else none."""
    if raw.count("@") < 2:
        return []
    parts = addresses_in(without_invisible(raw))
    return parts if len(parts) > 1 else []


@lru_cache(maxsize=16384)
def _domain_problem(domain: str) -> str | None:
    # Checked once per domain: most of the cost of an address lies in its domain, and domains come again.
    try:
        validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        return str(error)
    return None


def domain_of(email: str) -> str:
    """What follows the last @."""
    return email.rpartition("@")[2]


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have a mailbox at this domain, so that it says nothing about a company."""
    return domain in _free_domains() or domain in _disposable_domains()


def is_disposable(domain: str) -> bool:
    """Whether the domain, or the one that it belongs to, gives out throw-away mailboxes."""
    known = _disposable_domains()
    return domain in known or registrable_domain(domain) in known


def is_role(email: str) -> bool:
    """Whether several people read this mailbox (info@, sales-emea@, globex@globex.com)."""
    local, _, domain = email.rpartition("@")
    local = local.partition("+")[0]
    if local in ROLE_MAILBOXES or local == domain.partition(".")[0]:
        return True
    head, separator, _ = local.partition("-") if "-" in local else local.partition("_")
    return bool(separator) and head in ROLE_MAILBOXES and len(head) > 2


def is_placeholder(email: str) -> bool:
    """Whether the address was typed to fill the field (noreply@, test@, aaa@)."""
    local = email.rpartition("@")[0].partition("+")[0]
    name = local.replace("-", "").replace("_", "").replace(".", "")
    return name in _PLACEHOLDER_MAILBOXES or (len(name) != 1 and len(set(name)) <= 1)


def is_personal(email: str) -> bool:
    """Whether the mailbox belongs to one person, as far as its name tells."""
    return not is_role(email) and not is_placeholder(email)


def canonical_email(email: str) -> str | None:
    """The mailbox behind the address at providers that ignore dots or +tags; None for all others."""
    local, _, domain = email.rpartition("@")
    if not (rule := _PROVIDERS.get(domain)):
        return None
    name = local.partition("+")[0]
    if rule.ignores_dots:
        name = name.replace(".", "")
    return f"{name or local}@{rule.domain or domain}"


@cache
def _free_domains() -> frozenset[str]:
    return frozenset(read_lines("free_mail_domains.txt"))


@cache
def _disposable_domains() -> frozenset[str]:
    return frozenset(read_lines("disposable_domains.txt"))
