"""What leads find a company of the CRM by: its words made comparable with a lead's."""

from collections.abc import Iterable
from contextlib import suppress

from intake.values.companies import company_key
from intake.values.phones import normalize_phone
from intake.values.places import normalize_country, normalize_postal_code
from intake.values.refusal import ValueRefused
from intake.vendors.clean import clean_text
from routing.engine.account_match import account_keys


def keys_of(
    *,
    name: str,
    domains: Iterable[str],
    remote_id: str,
    country: str,
    phone: str,
    postal_code: str,
) -> list[str]:
    """Country, phone and postal code are as they stand there; what cannot be read says nothing."""
    code = number = ""
    with suppress(ValueRefused):
        code = normalize_country(country) if country.strip() else ""
    with suppress(ValueRefused):
        number = normalize_phone(phone, region=code or None).number if phone.strip() else ""
    return account_keys(
        name=company_key(name),
        domains=domains,
        account_id=clean_text(remote_id),
        country=code,
        phone=number,
        postal_code=normalize_postal_code(clean_text(postal_code), country=code or None),
    )
