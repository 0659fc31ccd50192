"""What speaks against the messages of a connection as they are written down: pure, but for the names that lines add."""

from collections.abc import Collection, Iterator

from crm_sync.connection_settings import Messages
from crm_sync.connectors import messages_of
from crm_sync.connectors.capabilities import MessageKind
from crm_sync.outbound import crm_fields
from plumbing import json_templates
from plumbing.json_templates import BadTemplate
from plumbing.spelling import did_you_mean

EXTRA = "extra."


def known_names(kind: MessageKind, lines: Collection[str]) -> dict[str, str]:
    """Placeholders of a kind with the words for each; `lines`: properties that lines of the mapping fill."""
    return {**kind.adds, **crm_fields.labels(), **dict.fromkeys(lines, "as mapped")}


def check_body(kind: MessageKind, body: object, lines: Collection[str]) -> None:
    """Raises BadTemplate."""
    json_templates.check_shape(body)
    json_templates.check_names(body, known_names(kind, lines), also=EXTRA)


def troubles(
    kind_of_crm: str, messages: Messages, lines: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where, and a sentence."""
    kinds = {each.name: each for each in messages_of(kind_of_crm)}
    for name in messages.model_extra or {}:
        rule = messages.of(name)
        kind = kinds.get(name)
        if kind is None:
            told = (
                f"There are {', '.join(kinds)}.{did_you_mean(name, kinds)}" if kinds else "It tells nothing."
            )
            yield (name,), f"There is no message “{name}”. {told}"
            continue
        if kind.always and not rule.active:
            yield (name, "active"), f"“{name}” is always sent: without it nobody there knows of a lead."
        if rule.body is not None:
            try:
                check_body(kind, rule.body, lines)
            except BadTemplate as error:
                yield (name, "body"), str(error)
