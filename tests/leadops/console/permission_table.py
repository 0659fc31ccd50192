"""docs/permissions.md as a test reads it, and the addresses and actions that there really are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

PAGE = settings.BASE_DIR / "docs" / "permissions.md"
NOBODY, ANYONE, STAFF, APP = "–", "anyone", "staff", "app"
SUPERUSERS, OWN = "superusers", "own"
OLD_VERSION = r"^([^/]+)/history/([^/]+)/$"


@dataclass(frozen=True)
class Needs:
    """What the two methods of an address ask for: permissions, or one of the words above."""

    read: str
    act: str
    app: str = ""

    def allow(self, user, what: str) -> bool:
        word = self.read if what == "read" else self.act
        if word == NOBODY:
            return False
        if word == ANYONE:
            return True
        if not (user.is_authenticated and user.is_staff):
            return False
        if word == STAFF:
            return True
        # Of what belongs to somebody, the row that these tests have is somebody else's.
        if word in (SUPERUSERS, OWN):
            return bool(user.is_superuser)
        if word == APP:
            return bool(user.has_module_perms(self.app))
        return all(_has(user, one) for one in permissions(word))


def permissions(word: str) -> list[str]:
    return re.findall(r"\w+\.\w+", word)


def _has(user, permission: str) -> bool:
    # Whoever may change may look.
    return bool(user.has_perm(permission) or user.has_perm(permission.replace(".view_", ".change_")))


def rows(heading: str, *, below: str = "") -> list[list[str]]:
    """The cells of the table below this heading, or below one inside it."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    if below:
        part = part.split(f"\n### {below}\n")[1]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split(" | ")] for line in lines]


def documented() -> dict[str, Needs]:
    """Address as Django's resolver spells it -> what it needs."""
    found: dict[str, Needs] = {}
    for label, *words in rows("Models"):
        app, name = label.split(".")
        look, add, change, delete = (
            word if word in (NOBODY, STAFF, SUPERUSERS, OWN) else f"{app}.{word}_{name}" for word in words
        )
        found |= {
            f"admin/{app}/{name}/": Needs(STAFF if look == OWN else look, change),
            f"admin/{app}/{name}/add/": Needs(add, add),
            f"admin/{app}/{name}/<path:object_id>/": Needs(STAFF, NOBODY),
            f"admin/{app}/{name}/<path:object_id>/change/": Needs(look, change),
            f"admin/{app}/{name}/<path:object_id>/delete/": Needs(delete, delete),
            f"admin/{app}/{name}/<path:object_id>/history/": Needs(look, NOBODY),
        }
        if hasattr(_page_of(label), "history_form_view"):
            found[f"admin/{app}/{name}/{OLD_VERSION}"] = Needs(look, NOBODY)
    for route, read, act in rows("Other addresses"):
        if route == "admin/<app_label>/":
            found |= {f"admin/{app}/": Needs(APP, NOBODY, app) for app in _apps()}
        else:
            found[route] = Needs(read, act)
    return found


def whose() -> dict[str, dict[str, str]]:
    """Model -> kind of person who does not see everybody's -> "look", "act" or NOBODY, of a row of the team."""
    kinds = ("manager", "another manager", "rep")
    return {
        label.partition(" ")[0]: dict(zip(kinds, words, strict=True))
        for label, *words in rows("Whose rows", below="By model")
    }


def routes() -> set[str]:
    """Every address of the project; that of one app's models once per app."""
    found = set()
    for route in _walk(get_resolver()):
        if "(?P<app_label>" in route:
            found |= {f"admin/{app}/" for app in _apps()}
        else:
            found.add(route)
    return found


def actions() -> dict[tuple[str, str], str]:
    """(model, action) -> what the page says, for every action that a list has; deleting is the models' table's."""
    return {(label, name): needs for label, name, needs in rows("Actions on lists")}


def offered(request) -> set[tuple[str, str]]:
    """The actions that the lists offer this viewer."""
    return {
        (model._meta.label_lower, name)
        for model, page in admin.site._registry.items()
        for name in page.get_actions(request)
        if name != "delete_selected"
    }


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern)
        else:
            yield from _walk(pattern, prefix + str(pattern.pattern))


def _apps() -> set[str]:
    return {model._meta.app_label for model in admin.site._registry}


def _page_of(label: str):
    return next(
        (page for model, page in admin.site._registry.items() if model._meta.label_lower == label), None
    )
