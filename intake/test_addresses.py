"""Test addresses: who writes from one only tries things out, so a lead that is made of it is a test lead."""

import re
from collections.abc import Iterable

from intake.models import TestAddress
from intake.values.mailboxes import is_free_mail, normalize_email
from intake.values.refusal import ValueRefused


class TestAddresses:
    """Patterns as rows hold them: `ann@acme.test`, `@acme.test`, `*+test@acme.test` (`*` is any text before the @)."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._alone, self._domains = set[str](), set[str]()
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for pattern in patterns:
            local, _, domain = pattern.rpartition("@")
            if "*" in local:
                self._patterns.append((pattern, _compiled(pattern)))
            elif local:
                self._alone.add(pattern)
            else:
                self._domains.add(domain)

    def matching(self, email: str) -> str:
        """The pattern that covers this normalized address; "" for none."""
        domain = f"@{email.rpartition('@')[2]}"
        if email in self._alone:
            return email
        if email and domain[1:] in self._domains:
            return domain
        return next((pattern for pattern, looks in self._patterns if looks.fullmatch(email)), "")


def load() -> TestAddresses:
    """Those that are in use; one query."""
    return TestAddresses(TestAddress.objects.filter(active=True).values_list("pattern", flat=True))


def tidy(text: str) -> str:
    """As a row holds it. Raises ValueRefused, which says in words what is wrong."""
    pattern = text.strip().lower()
    local, at, domain = pattern.rpartition("@")
    if not at or "*" in domain or "@" in local:
        raise ValueRefused(
            "test_address",
            "Write a whole address (ann@acme.test), a domain (@acme.test), or a pattern (*+test@acme.test), where * is any "
            "text before the @.",
        )
    plain = normalize_email(f"{local.replace('*', 'x') or 'x'}@{domain}")
    domain = plain.rpartition("@")[2]
    if not local.strip("*"):
        local = ""
        if is_free_mail(domain):
            raise ValueRefused(
                "test_address",
                f"Anybody can have an address at {domain}, and all of them would be tests: name single ones.",
            )
    return f"{local}@{domain}"


def problem(text: str) -> str:
    """What is wrong with it, in words; "" for nothing."""
    try:
        tidy(text)
    except ValueRefused as refused:
        return str(refused)
    return ""


def _compiled(pattern: str) -> re.Pattern[str]:
    local, _, domain = pattern.rpartition("@")
    anything = ".*".join(re.escape(part) for part in re.split(r"\*+", local))
    return re.compile(f"{anything}@{re.escape(domain)}")
