"""Exception kinds: what can need a person, and what that person does about it.

Each app lists its own in `<app>/exception_kinds.py` as `KINDS`; settings.LEADOPS_EXCEPTION_KINDS names
these modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Literal

from django.conf import settings
from django.urls import reverse

Severity = Literal["high", "medium", "low"]
# From the worst to the mildest.
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
# The page of what the item is about.
SUBJECT_PAGE = "subject"


class UnknownKind(LookupError):
    """An item was to be opened with a kind that no module of LEADOPS_EXCEPTION_KINDS lists."""


@dataclass(frozen=True, slots=True)
class VerbWords:
    """The button for one item and for several, and the sentence that says what pressing it means."""

    one: str
    several: str
    means: str


RETRY = VerbWords("Retry", "Retry all", "Everything that waits here is tried again at once.")
DISMISS = VerbWords("Dismiss", "Dismiss all", "Nothing has to be done. What was held stays where it is.")


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """`key` is dotted, by app: `crm_sync.dead_letter`. `what_to_do` is the runbook, in a few plain sentences.

    `retry` is the dotted path of the retry handler, or None where trying again makes no sense; see
    `exception_queue.queue.retry` for what a handler must do. `action_page` is where the cause is fixed: a page
    of the kind's app, as "routing.routingrule.add" (or .changelist), or SUBJECT_PAGE.

    `on_dismiss` is the dotted path of what dismissing does besides closing the item; see
    `exception_queue.queue.dismiss`. `dismiss_options` are what the person may have done with it: key -> words.
    Such a kind asks a question with two answers, retry and dismiss: it says them in words of its own, and is not
    resolved in any other way.

    `panel` is the dotted path of what the page of one item shows besides: `panel(item, user)` answers with a
    `exception_queue.pages.Panel`, or None where there is nothing to show.
    """

    key: str
    title: str
    severity: Severity
    what_to_do: str
    retry: str | None = None
    action_label: str = ""
    action_page: str = ""
    retry_words: VerbWords = RETRY
    dismiss_words: VerbWords = DISMISS
    on_dismiss: str | None = None
    panel: str | None = None
    dismiss_options: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_question(self) -> bool:
        """Whether dismissing decides something, so that resolving would leave it open."""
        return self.on_dismiss is not None

    @property
    def how_to_answer(self) -> str:
        """What somebody hears who would resolve a question."""
        return (
            f"{self.title}: answer “{self.dismiss_words.one}” (dismiss) or “{self.retry_words.one}” (retry)."
        )

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return SEVERITIES.index(self.severity)

    @property
    def action_url(self) -> str:
        """The page that is the same for every item of the kind, "" where each has its own or none."""
        if self.action_page in ("", SUBJECT_PAGE):
            return ""
        return reverse(f"admin:{self.action_page.replace('.', '_')}")


def all_kinds() -> list[ExceptionKind]:
    """In the order of settings, with doubles if there are any (a system check refuses them)."""
    return list(_listed(tuple(settings.LEADOPS_EXCEPTION_KINDS)))


def known(key: str) -> ExceptionKind:
    """The kind to open an item with. Raises UnknownKind."""
    try:
        return _by_key(tuple(settings.LEADOPS_EXCEPTION_KINDS))[key]
    except KeyError:
        raise UnknownKind(f"No module of LEADOPS_EXCEPTION_KINDS lists the kind “{key}”.") from None


def described(key: str) -> ExceptionKind:
    """The kind to show an item with; a row may be older than the code and outlive its kind."""
    kind = _by_key(tuple(settings.LEADOPS_EXCEPTION_KINDS)).get(key)
    return kind or ExceptionKind(
        key=key,
        title=key,
        severity="medium",
        what_to_do="This version of leadops no longer raises this. Resolve it when the cause is gone.",
    )


def at_least(severity: str) -> list[str]:
    """Keys of the kinds that are as bad as this or worse."""
    return [kind.key for kind in all_kinds() if kind.rank <= SEVERITIES.index(severity)]


@lru_cache(maxsize=8)
def _listed(modules: tuple[str, ...]) -> tuple[ExceptionKind, ...]:
    return tuple(kind for module in modules for kind in import_module(module).KINDS)


@lru_cache(maxsize=8)
def _by_key(modules: tuple[str, ...]) -> dict[str, ExceptionKind]:
    return {kind.key: kind for kind in _listed(modules)}
