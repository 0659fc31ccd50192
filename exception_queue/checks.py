from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from exception_queue.kinds import SEVERITIES, ExceptionKind
from plumbing import dotted


@checks.register
def check_exception_kinds(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """E001 a module cannot be used, E002 a key is used twice, E003 an incomplete kind, E004 no such handler, E005
    no such function of pages.
    """
    found: list[checks.CheckMessage] = []
    seen: dict[str, str] = {}
    for module in settings.LEADOPS_EXCEPTION_KINDS:
        try:
            kinds: list[ExceptionKind] = import_module(module).KINDS
        except (ImportError, AttributeError) as error:
            found.append(_error("E001", f"LEADOPS_EXCEPTION_KINDS: “{module}” cannot be used: {error}."))
            continue
        for kind in kinds:
            if kind.key in seen:
                found.append(
                    _error("E002", f"Exception kind “{kind.key}” is in {seen[kind.key]} and in {module}.")
                )
            seen[kind.key] = module
            if kind.severity not in SEVERITIES or not (kind.title and kind.what_to_do):
                needs = "needs a title, what to do, and a known severity"
                found.append(_error("E003", f"Exception kind “{kind.key}” {needs}."))
            called = (
                ("Retry handler", kind.retry),
                ("Dismiss handler", kind.on_dismiss),
                ("Panel", kind.panel),
            )
            for what, path in called:
                try:
                    if path is not None:
                        dotted.resolve(path)
                except dotted.DottedPathError as error:
                    found.append(_error("E004", f"{what} of exception kind “{kind.key}”: {error}"))
    try:
        dotted.resolve(settings.LEADOPS_EXCEPTION_PAGES)
    except dotted.DottedPathError as error:
        found.append(_error("E005", f"LEADOPS_EXCEPTION_PAGES: {error}"))
    return found


def _error(code: str, message: str) -> checks.CheckMessage:
    return checks.Error(message, id=f"exception_queue.{code}")
