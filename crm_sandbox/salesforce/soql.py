"""SOQL as text: what is asked for, of what, under which conditions. docs/sandbox.md says what is understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from crm_sandbox.salesforce import moments
from crm_sandbox.salesforce.errors import OrgError

LONGEST = 100_000
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:\\.|[^'\\])*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    |(?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
    |(?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
    |(?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "_",
    "%": "%",
}
_COMPARING = ("=", "!=", "<>", "<", ">", "<=", ">=")


@dataclass(frozen=True, slots=True)
class SoqlToken:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class SoqlLiteral:
    """`kind`: string, datetime, date, number, boolean or null. `text` of a string is what stands between its quotes."""

    kind: str
    text: str

    def plain(self) -> str:
        return re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], self.text, flags=re.DOTALL)

    def pattern(self) -> str:
        """For LIKE in SQL with a backslash as its escape: an escaped _ or % stands for itself."""
        return re.sub(
            r"\\(.)",
            lambda match: f"\\{match[1]}" if match[1] in "\\_%" else _ESCAPES[match[1]],
            self.text,
            flags=re.DOTALL,
        )


@dataclass(frozen=True, slots=True)
class SoqlComparison:
    """`sign`: one of the comparing ones, or like."""

    path: str
    sign: str
    value: SoqlLiteral


@dataclass(frozen=True, slots=True)
class SoqlAmong:
    path: str
    negated: bool
    values: Sequence[SoqlLiteral] = ()
    query: SoqlQuery | None = None


@dataclass(frozen=True, slots=True)
class SoqlJoined:
    """`word`: AND or OR."""

    word: str
    parts: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class SoqlNegated:
    part: Condition


Condition = SoqlComparison | SoqlAmong | SoqlJoined | SoqlNegated


@dataclass(frozen=True, slots=True)
class SoqlOrder:
    path: str
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class SoqlQuery:
    """`count`: "" for fields, "all" for COUNT(), else the field of COUNT(field)."""

    paths: Sequence[str]
    type: str
    where: Condition | None = None
    orders: Sequence[SoqlOrder] = ()
    limit: int | None = None
    offset: int = 0
    count: str = ""


def malformed(message: str) -> OrgError:
    return OrgError(400, "MALFORMED_QUERY", message)


def parsed(text: str) -> SoqlQuery:
    """Raises OrgError MALFORMED_QUERY."""
    if len(text) > LONGEST:
        raise OrgError(
            400, "QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters."
        )
    reader = _Reader(_tokens(text))
    query = reader.query()
    if reader.left:
        raise reader.unexpected()
    return query


def _tokens(text: str) -> list[SoqlToken]:
    found: list[SoqlToken] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            rest = text[place:].lstrip()
            if rest.startswith("'"):
                raise malformed(f"line 1:{place} mismatched character '<EOF>' expecting '''")
            raise malformed(f"line 1:{place} no viable alternative at character '{rest[:1]}'")
        token = SoqlToken(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        if token.kind == "string":
            for escape in re.findall(r"\\(.)", token.text, flags=re.DOTALL):
                if escape not in _ESCAPES:
                    raise malformed(f"Illegal string literal. Invalid string literal '{token.text[1:-1]}'.")
        found.append(token)
        place = match.end()
    return found


@dataclass(slots=True)
class _Reader:
    left: list[SoqlToken]
    depth: int = field(default=0)

    def unexpected(self) -> OrgError:
        if not self.left:
            return malformed("unexpected token: <EOF>")
        return malformed(f"unexpected token: '{self.left[0].text}'")

    def word(self) -> str:
        return self.left[0].text.upper() if self.left and self.left[0].kind in ("name", "sign") else ""

    def take(self, *words: str) -> bool:
        """These, one after another, or nothing."""
        there = [token.text.upper() for token in self.left[: len(words)] if token.kind in ("name", "sign")]
        if there != list(words):
            return False
        del self.left[: len(words)]
        return True

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.unexpected()

    def name(self) -> str:
        if not self.left or self.left[0].kind != "name":
            raise self.unexpected()
        return self.left.pop(0).text

    def query(self) -> SoqlQuery:
        self.need("SELECT")
        paths, count = [], ""
        if self.word() == "COUNT" and self.left[1:2] and self.left[1].text == "(":
            del self.left[:2]
            count = "all" if self.word() == ")" else self.name()
            self.need(")")
        else:
            paths.append(self.name())
            while self.take(","):
                paths.append(self.name())
        self.need("FROM")
        type = self.name()
        where = self.condition() if self.take("WHERE") else None
        orders = []
        if self.take("ORDER", "BY"):
            orders.append(self.order())
            while self.take(","):
                orders.append(self.order())
        limit = self.number() if self.take("LIMIT") else None
        offset = self.number() if self.take("OFFSET") else 0
        return SoqlQuery(paths, type, where, orders, limit, offset, count)

    def order(self) -> SoqlOrder:
        path = self.name()
        descending = self.take("DESC") or (self.take("ASC") and False)
        nulls_first = not self.take("NULLS", "LAST")
        if nulls_first:
            self.take("NULLS", "FIRST")
        return SoqlOrder(path, descending, nulls_first)

    def number(self) -> int:
        if not self.left or self.left[0].kind != "number" or not self.left[0].text.isdigit():
            raise self.unexpected()
        return int(self.left.pop(0).text)

    def condition(self) -> Condition:
        """AND and OR side by side need parentheses."""
        parts = [self.part()]
        word = self.word() if self.word() in ("AND", "OR") else ""
        while word and self.take(word):
            parts.append(self.part())
        if self.word() in ("AND", "OR"):
            raise self.unexpected()
        return SoqlJoined(word, parts) if word else parts[0]

    def part(self) -> Condition:
        if self.take("NOT"):
            return SoqlNegated(self.part())
        if self.take("("):
            self.depth += 1
            if self.depth > 50:
                raise malformed("the query is nested too deep")
            found = self.condition()
            self.need(")")
            self.depth -= 1
            return found
        path = self.name()
        if self.take("NOT", "IN"):
            return self.among(path, negated=True)
        if self.take("IN"):
            return self.among(path, negated=False)
        if self.take("LIKE"):
            return SoqlComparison(path, "like", self.literal())
        for sign in _COMPARING:
            if self.take(sign):
                return SoqlComparison(path, "!=" if sign == "<>" else sign, self.literal())
        raise self.unexpected()

    def among(self, path: str, *, negated: bool) -> SoqlAmong:
        self.need("(")
        if self.word() == "SELECT":
            query = self.query()
            self.need(")")
            return SoqlAmong(path, negated, query=query)
        values = [self.literal()]
        while self.take(","):
            values.append(self.literal())
        self.need(")")
        return SoqlAmong(path, negated, values=values)

    def literal(self) -> SoqlLiteral:
        if not self.left:
            raise self.unexpected()
        token = self.left[0]
        if token.kind == "name":
            word = token.text.lower()
            if word not in ("null", "true", "false"):
                raise self.unexpected()
            del self.left[0]
            return SoqlLiteral("null" if word == "null" else "boolean", word)
        if token.kind == "sign":
            raise self.unexpected()
        del self.left[0]
        if token.kind == "string":
            return SoqlLiteral("string", token.text[1:-1])
        if token.kind == "datetime":
            stored = moments.read(token.text)
            if stored is None:
                raise malformed(f"line 1:{token.at} no such moment: {token.text}")
            return SoqlLiteral("datetime", stored)
        return SoqlLiteral(token.kind, token.text)
