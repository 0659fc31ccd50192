"""System checks of the project package: what the layers below find by name is there."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from plumbing import dotted


@register
def check_access(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E001 nobody says whose rows are whose."""
    return [*_unusable("LEADOPS_ACCESS", [settings.LEADOPS_ACCESS], id="leadops.E001")]


@register
def check_before_publishing(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E002 what is asked before rules are published is not there."""
    name = "LEADOPS_BEFORE_PUBLISHING"
    return [*_unusable(name, settings.LEADOPS_BEFORE_PUBLISHING, id="leadops.E002")]


def _unusable(name: str, paths: Sequence[str], *, id: str) -> Iterator[CheckMessage]:
    for path in paths:
        try:
            dotted.resolve(path)
        except dotted.DottedPathError as error:
            yield Error(f"{name}: {error}", id=id)
