"""System checks of the project package: what the layers below find by name is there."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from plumbing import dotted


@register
def check_access(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E001 nobody says whose rows are whose."""
    try:
        dotted.resolve(settings.LEADOPS_ACCESS)
    except dotted.DottedPathError as error:
        return [Error(f"LEADOPS_ACCESS: {error}", id="leadops.E001")]
    return []
