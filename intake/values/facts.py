"""What follows from a lead's values and is not said by anybody: facts that rules, scoring and matching use."""

from collections.abc import Mapping
from typing import Any

from intake.values import mailboxes
from intake.values.companies import company_key
from intake.values.phones import phone_country
from intake.values.web import host_of, is_shared_domain, registrable_domain


def facts_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Facts by name, only those that can be known. `values` are normalized.

    `company_domain` is the registrable domain of the e-mail address unless anybody can have one there,
    otherwise of the website unless that is a page at a social network or a host.
    """
    facts: dict[str, Any] = {}
    if email := values.get("email"):
        domain = mailboxes.domain_of(email)
        facts["email_domain"] = domain
        facts["email_is_free"] = mailboxes.is_free_mail(domain)
        facts["email_is_disposable"] = mailboxes.is_disposable(domain)
        facts["email_is_role"] = mailboxes.is_role(email)
        facts["email_is_placeholder"] = mailboxes.is_placeholder(email)
    if known := company_domain(values):
        facts["company_domain"] = known
    if (company := values.get("company")) and (key := company_key(company)):
        facts["company_key"] = key
    if (phone := values.get("phone")) and (country := phone_country(phone)):
        facts["phone_country"] = country
    return facts


def company_domain(values: Mapping[str, Any]) -> str | None:
    """The registrable domain that stands for the person's company, or None: that of the address, else of the website."""
    if (email := values.get("email")) and (found := domain_of_company(mailboxes.domain_of(email))):
        return found
    if (website := values.get("website")) and (host := host_of(website)):
        return domain_of_company(host)
    return None


def domain_of_company(host: str) -> str | None:
    """The registrable domain of a host if it belongs to one company: None for free mail, social pages and hosting."""
    if is_shared_domain(host) or mailboxes.is_free_mail(host) or mailboxes.is_disposable(host):
        return None
    found = registrable_domain(host)
    return found if found and not mailboxes.is_free_mail(found) else None
