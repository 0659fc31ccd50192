"""Where in the console the things stand that exceptions are about.

This layer knows no page but its own. The project package knows them all and says so in the function that
settings.LEADOPS_EXCEPTION_PAGES names; what is stored is the subject's type and id, never an address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from plumbing import dotted


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Pages:
    """`subject` is the page of what the item is about, "" where it has none.

    `shared` is a place that the items of one cause have in common (their connection), `own` where this very
    item is fixed, `related` what else to look at.
    """

    subject: str = ""
    shared: Link | None = None
    own: Link | None = None
    related: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """What a kind adds to the page of one item: a template, and what it shows as `panel`."""

    template: str
    context: Mapping[str, Any]


class About(Protocol):
    """What the function is told of an item."""

    subject_type: str
    subject_id: str
    detail: Any


def pages_of(items: Sequence[About]) -> list[Pages]:
    """The pages of each item, in their order: a query per type of subject at most, whatever the number of items."""
    found: list[Pages] = dotted.resolve(settings.LEADOPS_EXCEPTION_PAGES)(items) if items else []
    return found
