"""Questions in Salesforce's query language, and all pages of their answers.

A field that does not exist, or that our user may not see, is left out of a question, which is then asked again: it has no value.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.salesforce.client import OrgClient
from plumbing.http import Permanent

Row = Mapping[str, Any]

# The text of one question, with room for what stands around the ids.
MOST_NAMED = 200
_MOST_TRIES = 40
# A longer one goes as the body of a call.
_LONGEST_ADDRESS = 8_000


@dataclass(slots=True)
class Question:
    """SELECT `fields` FROM `object` and `rest`. `deleted`: also what is in the bin.

    Nobody is found where the field `by`, which `rest` asks about, is not there, or the object, where that is `optional`.
    """

    object: str
    fields: Collection[str]
    rest: str
    deleted: bool = False
    by: str = ""
    optional: bool = False

    @property
    def path(self) -> str:
        text = f"SELECT {', '.join(sorted(self.fields))} FROM {self.object} {self.rest}".strip()
        return f"/{'queryAll' if self.deleted else 'query'}/?q={quote(text, safe='')}"


@dataclass(slots=True)
class Asking:
    """Asks, and remembers for as long as it lives which fields are not there, by object."""

    client: OrgClient
    absent: dict[str, set[str]] = field(default_factory=dict)

    def all(self, question: Question) -> list[Row]:
        (rows,) = self.together([question])
        return rows

    def together(self, questions: Sequence[Question]) -> list[list[Row]]:
        """Every row of each, one call where none has a second page. Raises RemoteError."""
        for _ in range(_MOST_TRIES):
            asked = [each for each in questions if self._can_be_asked(each)]
            try:
                bodies = iter(self._bodies([self._without_absent(each) for each in asked]))
            except Permanent as error:
                if not self._leave_out(asked, errors.of_call(error)):
                    raise
            else:
                return [list(self._pages(next(bodies))) if each in asked else [] for each in questions]
        raise Permanent("Salesforce does not know the fields that are asked for.", status=400)

    def _bodies(self, questions: Sequence[Question]) -> list[Any]:
        if len(questions) < 2 and all(len(each.path) <= _LONGEST_ADDRESS for each in questions):
            return [self.client.read(each.path).body for each in questions]
        return self.client.read_together([each.path for each in questions])

    def _pages(self, body: Any) -> Iterator[Row]:
        while isinstance(body, Mapping):
            yield from (each for each in body.get("records") or () if isinstance(each, Mapping))
            following = body.get("nextRecordsUrl")
            body = self.client.read(str(following)).body if following else None

    def _without_absent(self, question: Question) -> Question:
        absent = self.absent.get(question.object, set())
        fields = [each for each in question.fields if each not in absent]
        return replace(question, fields=fields or ["Id"])

    def _can_be_asked(self, question: Question) -> bool:
        return not {question.by, _OBJECT} & self.absent.get(question.object, set())

    def _leave_out(self, questions: Sequence[Question], said: errors.ItemError) -> bool:
        """Something is not there: of which object, the words say, or only one of them asks for it."""
        if said.code == errors.UNKNOWN_OBJECT:
            name, of = _OBJECT, [each.object for each in questions if each.optional]
        else:
            name = errors.unknown_field(said)
            of = [each.object for each in questions if name in (*each.fields, each.by)]
        new = [each for each in of if name not in self.absent.get(each, ())]
        named = [each for each in new if f"'{each}'" in said.message or f"type {each}" in said.message]
        for each in named or new[:1]:
            self.absent.setdefault(each, set()).add(name)
        return bool(new)


# Stands for a whole object among the fields that are not there.
_OBJECT = "*"


def text(row: Row, name: str) -> str:
    """A field of a row as text, "" for none; `Account.Type` names a field of the row that it refers to."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)


def some(ids: Collection[str]) -> Iterator[list[str]]:
    """As many as one question names."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), MOST_NAMED):
        yield ordered[start : start + MOST_NAMED]
