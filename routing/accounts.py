"""Which named account a lead belongs to: by domain first, else by the company's name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from routing.models import NamedAccount


class Accounts:
    """The named accounts that a batch of facts can belong to; one query."""

    def __init__(self, facts: Iterable[Mapping[str, Any]]) -> None:
        domains, names = set(), set()
        for one in facts:
            domains.update(_domains(one))
            names.add(str(one.get("company") or "").strip().lower())
        names.discard("")
        self._by_domain: dict[str, NamedAccount] = {}
        self._by_name: dict[str, NamedAccount] = {}
        if not domains and not names:
            return
        rows = (
            NamedAccount.objects.filter(active=True)
            .select_related("owner")
            .annotate(folded=Lower("company"))
            .filter(Q(domains__overlap=sorted(domains)) | Q(folded__in=names))
        )
        for account in rows.order_by("pk"):
            for domain in account.domains:
                self._by_domain.setdefault(domain.lower(), account)
            self._by_name.setdefault(account.company.lower(), account)

    def of(self, facts: Mapping[str, Any]) -> NamedAccount | None:
        for domain in _domains(facts):
            if domain in self._by_domain:
                return self._by_domain[domain]
        return self._by_name.get(str(facts.get("company") or "").strip().lower())


def _domains(facts: Mapping[str, Any]) -> list[str]:
    """Domains that say something about the company: not those of free mail providers."""
    found = [] if facts.get("email_is_free") else [facts.get("email_domain")]
    found.append(facts.get("company_domain"))
    return [str(domain).lower() for domain in found if domain]
