from leadops.configuration.schema import Field, Flag, Item, ListOf, Notes, Path, Shape, Text
from leadops.configuration.section import RowSection
from leadops.configuration.sections.teams import OWNER
from routing.models import NamedAccount


def _domain(text: str) -> str:
    if "." in text and "/" not in text and "@" not in text and " " not in text:
        return ""
    return f"“{text}” is not a domain: write it like globex.com."


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
            Field("owner", OWNER, None),
            Field("active", Flag(), True),
        ),
        also=_domain_once,
    )
