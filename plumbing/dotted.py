"""Dotted paths in lists are the only way up (rule 1). Here they become callables."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


class DottedPathError(Exception):
    """One plain sentence: which path cannot be used, and why."""


@cache
def resolve(path: str) -> Callable[..., Any]:
    """The callable at `package.module.name`. Cached; raises DottedPathError."""
    module_path, _, name = path.rpartition(".")
    if not module_path or not name:
        raise DottedPathError(f"“{path}” is not a dotted path to a function, such as “package.module.name”.")
    try:
        module = import_module(module_path)
    except ModuleNotFoundError as error:
        raise DottedPathError(f"“{path}” cannot be used: there is no module “{error.name}”.") from error
    except ImportError as error:
        raise DottedPathError(f"“{path}” cannot be used: {error}.") from error
    try:
        found = getattr(module, name)
    except AttributeError as error:
        raise DottedPathError(f"“{path}” cannot be used: “{module_path}” has no “{name}”.") from error
    if not callable(found):
        raise DottedPathError(f"“{path}” cannot be used: it is not a function.")
    return found  # type: ignore[no-any-return]
