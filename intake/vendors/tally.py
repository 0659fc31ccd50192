"""Tally webhooks: `data.fields[]`, where a choice is the id of an option.

https://tally.so/help/webhooks
"""

from collections.abc import Mapping
from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, one_or_many, text_of


def flatten(body: Any) -> Flat:
    """Values by label and key, options resolved to their text; without the booleans of single checkboxes."""
    flat = Flat(body=body)
    event = dict_of(body)
    data = dict_of(event.get("data"))
    flat.event_id = (
        text_of(event.get("eventId"))
        or text_of(data.get("submissionId"))
        or text_of(data.get("responseId"))
        or None
    )
    fields = dicts_of(data.get("fields"))
    lists = [text_of(field.get("key")) for field in fields if isinstance(field.get("value"), list)]
    for field in fields:
        key, label = text_of(field.get("key")), text_of(field.get("label"))
        if isinstance(field.get("value"), bool) and any(
            whole and key.startswith(f"{whole}_") for whole in lists
        ):
            # Beside the list of chosen options Tally repeats each box as a field of its own.
            continue
        flat.add(label or key, field_value(field), also=[key], label=label)
    flat.add("submitted_at", data.get("createdAt") or event.get("createdAt"))
    return flat


def field_value(field: Mapping[str, Any]) -> Any:
    """The value as the visitor saw it."""
    value = field.get("value")
    texts = {text_of(option.get("id")): option.get("text") for option in dicts_of(field.get("options"))}
    rows = {text_of(row.get("id")): text_of(row.get("text")) for row in dicts_of(field.get("rows"))}
    columns = {text_of(column.get("id")): column.get("text") for column in dicts_of(field.get("columns"))}
    if isinstance(value, list):
        return one_or_many([_resolve(item, texts) for item in value])
    if isinstance(value, dict) and rows:
        return [
            f"{rows.get(row, row)}: {_resolve(chosen, columns)}"
            for row, picked in value.items()
            for chosen in (picked if isinstance(picked, list) else [picked])
        ]
    return _resolve(value, texts)


def _resolve(item: Any, texts: Mapping[str, Any]) -> Any:
    if isinstance(item, dict):
        # An uploaded file: its address is what a person can use.
        return item.get("url") or item.get("name")
    return texts.get(item, item) if isinstance(item, str) else item
