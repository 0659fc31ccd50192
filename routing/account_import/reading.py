"""Lines of a file as accounts, each cell made comparable; what cannot be taken is said in the words of the file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TextIO

from intake.csv_tables import Row, Table, UnreadableCsv
from intake.values.companies import normalize_company
from intake.values.phones import normalize_phone
from intake.values.places import normalize_country, normalize_postal_code
from intake.values.refusal import ValueRefused
from intake.values.text import words_of
from intake.values.web import host_of, is_shared_domain, normalize_website, registrable_domain
from intake.vendors.clean import clean_text
from plumbing.admin_kit.file_formats import as_it_was
from plumbing.counting import counted
from plumbing.spelling import did_you_mean
from routing.models import NamedAccount, Owner

MOST_LINES = 200_000
# What a line says of the company above it: its name, or its id elsewhere. Which account that is, is told by the comparison.
PARENT = "parent"
NOBODY = ("-", "–", "none", "nobody")
# Words of headers, folded.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "company": ("company", "company name", "account", "account name", "name", "firma", "unternehmen"),
    "domains": (
        "domains",
        "domain",
        "company domain",
        "company domain name",
        "website",
        "websites",
        "web",
        "url",
    ),
    "owner": (
        "owner",
        "owner email",
        "owner e mail",
        "account owner",
        "company owner",
        "account executive",
        "rep",
    ),
    "external_id": ("external id", "id elsewhere", "id", "account id", "record id", "crm id", "kundennummer"),
    "country": ("country", "country code", "country region", "billing country", "land"),
    "phone": ("phone", "phone number", "main phone", "telephone", "telefon"),
    "postal_code": ("postal code", "postcode", "zip", "zip code", "zip postal code", "plz"),
    "parent": ("parent", "parent account", "parent company", "belongs to", "muttergesellschaft"),
    "tier": ("tier", "account tier", "target account tier", "stufe"),
    "active": ("active", "aktiv"),
}
COLUMNS = [name for name in _HEADERS if name != "company"]
_YES, _NO = {"true", "yes", "1", "ja", "x", "active"}, {"false", "no", "0", "nein", "inactive"}


@dataclass(frozen=True, slots=True)
class AccountLine:
    """What one line says, by columns of NamedAccount; only what it says. `owner_id` None: nobody, where the owner is said.

    PARENT is no column: a name or an id, None for nobody."""

    number: int
    values: Mapping[str, object]

    @property
    def company(self) -> str:
        return str(self.values.get("company", ""))


@dataclass(frozen=True, slots=True)
class LineTrouble:
    """A line that is left out (`kind` line, or owner where nobody here has the address), or a cell of it (`kind` cell)."""

    line: int
    kind: str
    said: str


@dataclass(slots=True)
class AccountSheet:
    """`columns` is field -> header; `ignored` are headers that mean nothing here; `note` says what of the file was guessed."""

    columns: dict[str, str]
    ignored: list[str]
    note: str = ""
    lines: list[AccountLine] = field(default_factory=list)
    troubles: list[LineTrouble] = field(default_factory=list)


def read(file: TextIO, *, note: str = "") -> AccountSheet:
    """A whole file; one query. `file` and `note` are as `intake.csv_tables.opened` gives them. Raises UnreadableCsv."""
    table = Table(file)
    sheet = AccountSheet(*_meaning(table.columns), note=note)
    people = {owner.email.lower(): owner for owner in Owner.objects.all()}
    names: dict[str, Owner] = {}
    for owner in people.values():
        names.setdefault(owner.name.casefold(), owner)
    first: dict[tuple[str, str], int] = {}
    for count, row in enumerate(table.rows(), start=1):
        if count > MOST_LINES:
            raise UnreadableCsv(f"The file has more than {counted(MOST_LINES, 'line')}: cut it in pieces.")
        if row.problem:
            sheet.troubles.append(LineTrouble(row.line, "line", row.problem))
            continue
        try:
            values = dict(_values(row, sheet, people, names))
            for name in ("company", "external_id"):
                _once(row, sheet, name, values, first)
        except _LineRefused as refusal:
            sheet.troubles.append(refusal.trouble)
        else:
            sheet.lines.append(AccountLine(row.line, values))
    return sheet


class _LineRefused(Exception):
    def __init__(self, row: Row, said: str, *, kind: str = "line") -> None:
        self.trouble = LineTrouble(row.line, kind, said)


def _meaning(headers: list[str]) -> tuple[dict[str, str], list[str]]:
    columns: dict[str, str] = {}
    ignored = []
    for header in headers:
        folded = words_of(header)
        name = next((name for name, words in _HEADERS.items() if folded in words), None)
        if name is None:
            ignored.append(header)
        elif name in columns:
            raise UnreadableCsv(
                f"“{columns[name]}” and “{header}” both mean the {_said(name)}: keep one of them."
            )
        else:
            columns[name] = header
    if "company" not in columns:
        raise UnreadableCsv(
            f"No column is the company's name: {', '.join(headers)}. Name one “company”; the others that are read are "
            f"{', '.join(name for name in _HEADERS if name != 'company')}."
        )
    return columns, ignored


def _said(name: str) -> str:
    return name.replace("_", " ")


def _values(
    row: Row, sheet: AccountSheet, people: Mapping[str, Owner], names: Mapping[str, Owner]
) -> Iterator[tuple[str, object]]:
    cells = {
        name: clean_text(as_it_was(row.values.get(header, ""))).strip()
        for name, header in sheet.columns.items()
    }
    company = normalize_company(cells.pop("company"))
    if not company:
        raise _LineRefused(row, f"“{sheet.columns['company']}” is empty.")
    yield "company", _short(row, sheet, "company", company)
    country = ""
    if cell := cells.pop("country", ""):
        country = _read(row, sheet, "country", cell, partial(normalize_country, cell))
        yield "country", country
    for name, cell in cells.items():
        if not cell:
            continue
        match name:
            case "owner":
                yield "owner_id", _owner(row, sheet, cell, people, names)
            case "domains":
                yield "domains", _domains(row, sheet, cell)
            case "phone":
                region = country or None
                yield "phone", _read(row, sheet, "phone", cell, partial(_number, cell, region))
            case "postal_code":
                code = normalize_postal_code(cell, country=country or None)
                yield "postal_code", _short(row, sheet, "postal_code", code)
            case "parent":
                yield PARENT, None if cell.casefold() in NOBODY else cell
            case "active":
                word = cell.casefold()
                if word not in _YES | _NO:
                    raise _LineRefused(row, f"“{sheet.columns['active']}” is “{cell}”: write yes or no.")
                yield "active", word in _YES
            case _:
                yield name, _short(row, sheet, name, cell)


def _number(cell: str, region: str | None) -> str:
    return normalize_phone(cell, region=region).number


def _owner(
    row: Row, sheet: AccountSheet, cell: str, people: Mapping[str, Owner], names: Mapping[str, Owner]
) -> int | None:
    if cell.casefold() in NOBODY:
        return None
    owner = people.get(cell.lower()) or names.get(cell.casefold())
    if owner is None:
        hint = did_you_mean(cell.lower(), people) if "@" in cell else ""
        said = f"“{sheet.columns['owner']}” is “{cell}”, and no owner here has that address or name.{hint}"
        raise _LineRefused(row, said, kind="owner")
    if not owner.active:
        raise _LineRefused(
            row, f"“{sheet.columns['owner']}” is “{cell}”, who is switched off here.", kind="owner"
        )
    return owner.pk


def _domains(row: Row, sheet: AccountSheet, cell: str) -> list[str]:
    found = []
    for word in cell.replace(",", " ").replace(";", " ").replace("|", " ").split():
        try:
            host = (host_of(normalize_website(word)) or "").removeprefix("www.")
        except ValueRefused:
            host = ""
        if not host or registrable_domain(host) is None:
            raise _LineRefused(row, f"“{sheet.columns['domains']}” has “{word}”, which is no domain.")
        if is_shared_domain(host):
            said = f"“{sheet.columns['domains']}” has “{word}”, where many companies have a page: it is left out."
            sheet.troubles.append(LineTrouble(row.line, "cell", said))
        elif len(host) <= 253:
            found.append(host)
    return list(dict.fromkeys(found))


def _read(row: Row, sheet: AccountSheet, name: str, cell: str, reading: Callable[[], str]) -> str:
    try:
        return reading()
    except ValueRefused as refusal:
        raise _LineRefused(row, f"“{sheet.columns[name]}” is “{cell}”: {refusal}") from None


def _short(row: Row, sheet: AccountSheet, name: str, text: str) -> str:
    most: int = getattr(NamedAccount._meta.get_field(name), "max_length")  # noqa: B009
    if len(text) > most:
        raise _LineRefused(row, f"“{sheet.columns[name]}” is longer than {most} characters.")
    return text


def _once(
    row: Row, sheet: AccountSheet, name: str, values: Mapping[str, object], first: dict[tuple[str, str], int]
) -> None:
    if text := str(values.get(name, "")):
        before = first.setdefault((name, text), row.line)
        if before != row.line:
            raise _LineRefused(row, f"“{sheet.columns[name]}” is “{text}” again: line {before} counts.")
