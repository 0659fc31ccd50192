"""What a connection's token has to be allowed, by how the connection is set up, with what stays undone without it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crm_sync.connectors import connector_class, messages_of
from crm_sync.connectors.definitions import PropertyNames
from crm_sync.connectors.granted import Purpose
from crm_sync.models import CrmConnection, FieldMapping, MirrorProgress
from crm_sync.outbound import crm_fields
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.lines import lines_of
from crm_sync.schema import reading
from routing.engine import conditions
from routing.models import RoutingRule

# Which right each kind of record of the mirror is read by.
MIRRORED: Mapping[str, Purpose] = {
    MirrorProgress.Kind.CONTACTS: "contacts",
    MirrorProgress.Kind.COMPANIES: "companies",
    MirrorProgress.Kind.DEALS: "deals",
}
# What conditions can ask that only such records tell.
FACTS: Mapping[Purpose, frozenset[str]] = {
    "contacts": frozenset({"crm_owner", "crm_lifecycle", "crm_lead_status"}),
    "companies": frozenset({"account", "account_owner", "account_tier", "is_customer"}),
    "deals": frozenset({"open_deal"}),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose of a connection. `what_for` is a sentence, `without` what stays undone; `lines` are the mapping lines and
    `rules` the names of the rules that this stops. `later`: only once something is written there."""

    purpose: Purpose
    what_for: str
    without: str
    lines: Sequence[str] = ()
    rules: Sequence[str] = ()
    later: bool = False


@dataclass(frozen=True, slots=True)
class NeededRight:
    """By the name that people find in the CRM, with all that needs it."""

    name: str
    uses: Sequence[Use]

    @property
    def later(self) -> bool:
        return all(use.later for use in self.uses)

    @property
    def without(self) -> str:
        """No sentence yet: no capital letter, no full stop."""
        return "; ".join(dict.fromkeys(use.without for use in self.uses))

    @property
    def lines(self) -> list[str]:
        return list(dict.fromkeys(line for use in self.uses for line in use.lines))

    @property
    def rules(self) -> list[str]:
        return list(dict.fromkeys(rule for use in self.uses for rule in use.rules))


def needed(connection: CrmConnection) -> list[NeededRight]:
    """In the connector's order. Nothing where there is no connector. Three queries."""
    found = connector_class(connection.kind)
    if found is None:
        return []
    uses: dict[str, list[Use]] = {right: [] for rights in found.rights.values() for right in rights}
    for use in uses_of(connection, found.names):
        for right in found.rights[use.purpose]:
            uses[right].append(use)
    return [NeededRight(right, theirs) for right, theirs in uses.items() if theirs]


def uses_of(connection: CrmConnection, names: PropertyNames) -> list[Use]:
    """Everything that this connection does there."""
    lines = lines_of(connection)
    rules = list(RoutingRule.objects.filter(active=True).order_by("position"))
    observed = connection.mode == CrmConnection.Mode.OBSERVE
    return [
        *_mirror(connection, rules),
        Use(
            "owners",
            "Who has a record, a company or a deal there is known here by their e-mail address, and the other way round.",
            "nobody can be found there as an owner",
            lines=_words(each for each in lines if each.canonical == OWNER),
        ),
        Use(
            "properties",
            "The properties there are read, so that mappings are checked before a lead fails on one.",
            "the CRM's properties cannot be read",
        ),
        Use(
            "touches",
            "An e-mail, a call or a meeting that somebody logs there proves that a lead was answered, and stops its clock.",
            "e-mails that are logged there are no proof of a contact",
        ),
        *_writing(connection, lines, names, later=observed),
    ]


def _mirror(connection: CrmConnection, rules: Sequence[RoutingRule]) -> Iterator[Use]:
    born = " Contacts that somebody makes there become leads." if connection.born_there.active else ""
    said: Mapping[Purpose, tuple[str, str]] = {
        "contacts": (
            f"People are recognised before they are routed, and what is changed there comes in.{born}",
            "nobody is recognised and no lead can be written",
        ),
        "companies": (
            "Leads of an account go to its owner, and customers are known as such.",
            "account owner and customers stay unknown",
        ),
        "deals": (
            "Leads with an open deal go to whoever has it, and a deal that is won or lost ends clock and task.",
            "open deals stay unknown",
        ),
    }
    for kind in MirrorProgress.Kind:
        purpose = MIRRORED[kind]
        what_for, without = said[purpose]
        yield Use(purpose, what_for, without, rules=[each.name for each in rules if _asks(each, purpose)])


def _writing(
    connection: CrmConnection, lines: Sequence[FieldMapping], names: PropertyNames, *, later: bool
) -> Iterator[Use]:
    yield Use(
        "writing",
        "Leads are told of by signed messages."
        if messages_of(connection.kind)
        else "Leads are written there, with the fields that are mapped.",
        "no lead can be written",
        lines=_words(
            each for each in lines if connection.ownership.of(each.canonical).direction != "from_crm"
        ),
        later=later,
    )
    there = {name for name, each in reading.known(connection.pk).items() if not each.archived}
    if names.own_prefix:
        yield Use(
            "own_properties",
            f"Properties whose names begin with {names.own_prefix} are made there, one of them to know our records again.",
            "properties of ours cannot be made",
            lines=_words(
                each for each in lines if names.is_ours(each.property) and each.property not in there
            ),
            later=later,
        )
    if segments := connection.task.when:
        yield Use(
            "tasks",
            f"Whoever has a lead gets a task for it ({', '.join(segments)}).",
            "no task is made",
            later=later,
        )


def _asks(rule: RoutingRule, purpose: Purpose) -> bool:
    """Whether the rule needs to know what such records tell."""
    to_owner = purpose == "companies" and rule.target_kind == RoutingRule.TargetKind.ACCOUNT_OWNER
    return to_owner or any(leaf["field"] in FACTS[purpose] for leaf in conditions.leaves(rule.when))


def _words(lines: Collection[FieldMapping] | Iterator[FieldMapping]) -> list[str]:
    return [f"{crm_fields.label(each.canonical)} → {each.property}" for each in lines]
