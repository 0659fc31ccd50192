"""System checks of crm_sync."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from crm_sync.connectors import CONNECTORS, connector_class
from plumbing import dotted


@register
def connectors_exist(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every connector that is named can be used."""
    messages: list[CheckMessage] = []
    for kind in CONNECTORS:
        try:
            connector_class(kind)
        except dotted.DottedPathError as error:
            messages.append(Error(str(error), hint=f"Correct CONNECTORS[{kind!r}].", id="crm_sync.E001"))
    return messages
