from intake.values.countries import country_codes
from intake.values.phones import normalize_phone
from intake.values.refusal import ValueRefused
from leadops.configuration.schema import Field, Flag, Item, ListOf, Notes, Path, Shape, Text
from leadops.configuration.section import Reference, RowSection
from leadops.configuration.sections.teams import OWNER
from routing.models import NamedAccount


def _domain(text: str) -> str:
    if "." in text and "/" not in text and "@" not in text and " " not in text:
        return ""
    return f"“{text}” is not a domain: write it like globex.com."


def _country(text: str) -> str:
    if text in country_codes():
        return ""
    return f"“{text}” is no country: write its code of two capitals, like DE."


def _phone(text: str) -> str:
    try:
        number = normalize_phone(text, region=None).number
    except ValueRefused:
        number = ""
    return (
        "" if number == text else f"“{text}” is no phone number with its country: write it like +12125550100."
    )


def _domain_once(item: Item, at: Path, notes: Notes) -> None:
    domains = item.get("domains", [])
    for place, domain in enumerate(domains):
        if domain in domains[:place]:
            notes.problem((*at, "domains", place), f"{domain} stands here twice.")


class NamedAccounts(RowSection):
    name = "named_accounts"
    model = NamedAccount
    keys = ("company",)
    item = Shape(
        (
            Field("company", Text(200)),
            Field("domains", ListOf(Text(253, also=_domain, lower=True)), []),
            Field("external_id", Text(100), ""),
            Field("country", Text(2, also=_country), ""),
            Field("phone", Text(60, also=_phone), ""),
            Field("postal_code", Text(30), ""),
            Field("owner", OWNER, None),
            Field("parent", Reference("named_accounts", NamedAccount, by="company"), None, late=True),
            Field("tier", Text(100), ""),
            Field("active", Flag(), True),
        ),
        also=_domain_once,
    )
