"""What a file would change. Its lines travel by COPY into a temporary table, which is joined with the accounts that are there."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection as database
from django.db.models import Q

from intake.values.mailboxes import is_free_mail
from plumbing.counting import counted
from routing.account_import.reading import PARENT, AccountLine, AccountSheet, LineTrouble
from routing.models import NamedAccount, Owner

# Columns that a line can say, in the order of the temporary table.
COLUMNS = (
    "company", "domains", "owner_id", "external_id", "country", "phone", "postal_code", "parent_id", "tier", "active",
)  # fmt: skip
_SAYS_NOTHING = object()


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account as the line would have it (unsaved, without id where it is new), and what it was by column."""

    line: int
    account: NamedAccount
    before: dict[str, Any] | None
    # The company above it, where that is new too.
    above: NamedAccount | None = None

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def changed(self) -> list[str]:
        """Columns that are others now."""
        if self.before is None:
            return []
        return [name for name in COLUMNS if self.before[name] != getattr(self.account, name)]


@dataclass(frozen=True, slots=True)
class DomainInTwo:
    """A domain of two accounts or more, as they would be. By the order of ties one of them gets the leads."""

    domain: str
    companies: tuple[str, ...]


@dataclass(slots=True)
class AccountDifference:
    """`changes` in the order of the file. `same` lines say what stands there already."""

    changes: list[AccountChange] = field(default_factory=list)
    same: int = 0
    shared: list[DomainInTwo] = field(default_factory=list)
    troubles: list[LineTrouble] = field(default_factory=list)

    @property
    def new(self) -> list[AccountChange]:
        return [one for one in self.changes if one.is_new]

    @property
    def owners(self) -> list[AccountChange]:
        return [one for one in self.changes if "owner_id" in one.changed]

    @property
    def others(self) -> list[AccountChange]:
        return [one for one in self.changes if not one.is_new and "owner_id" not in one.changed]

    @property
    def unknown_owners(self) -> list[LineTrouble]:
        return [one for one in self.troubles if one.kind == "owner"]

    @property
    def left_out(self) -> list[LineTrouble]:
        return [one for one in self.troubles if one.kind == "line"]

    @property
    def notes(self) -> list[LineTrouble]:
        return [one for one in self.troubles if one.kind == "cell"]

    @property
    def fingerprint(self) -> str:
        """Another one where something else would be written."""
        said = [
            [one.account.pk, one.before, [getattr(one.account, name) for name in COLUMNS]]
            for one in self.changes
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def sentence(self) -> str:
        """In one line for people: "1,204 change owner, 37 domains in two accounts, 12 new, 3 unknown owners"."""
        parts = (
            counted(len(self.owners), "changes owner", "change owner") if self.owners else "",
            f"{counted(len(self.shared), 'domain')} in two accounts" if self.shared else "",
            f"{len(self.new):,} new" if self.new else "",
            counted(len(self.others), "changes otherwise", "change otherwise") if self.others else "",
            counted(len(self.unknown_owners), "unknown owner") if self.unknown_owners else "",
            f"{counted(len(self.left_out), 'line')} left out" if self.left_out else "",
            counted(self.same, "stays as it is", "stay as they are") if self.same else "",
        )
        return ", ".join(part for part in parts if part) or "Nothing stands in the file"


def compare(sheet: AccountSheet) -> AccountDifference:
    """Four queries, and the COPY; in the caller's transaction, at whose end the temporary table goes."""
    found = AccountDifference(troubles=list(sheet.troubles))
    if not sheet.lines:
        return found
    by_line = {line.number: line for line in sheet.lines}
    first: dict[int, int] = {}
    drafts: list[tuple[AccountChange, Any]] = []
    with database.cursor() as cursor:
        _copy(cursor, sheet.lines)
        cursor.execute(_JOIN)
        for number, pk, same_name, *stored in cursor.fetchall():
            line = by_line[number]
            if why_not := _why_not(line, pk, same_name, first):
                found.troubles.append(LineTrouble(number, "line", why_not))
                continue
            before = dict(zip(COLUMNS, stored, strict=True)) if pk is not None else None
            values = {**(before or {}), **line.values}
            said = values.pop(PARENT, _SAYS_NOTHING)
            account = NamedAccount(pk=pk, **values)
            drafts.append((AccountChange(number, account, before), said))
    for change in _with_parents(drafts, found):
        if change.is_new or change.changed or change.above is not None:
            found.changes.append(change)
        else:
            found.same += 1
    found.troubles.sort(key=lambda one: one.line)
    found.shared = list(_shared(found.changes))
    return found


def _with_parents(
    drafts: Sequence[tuple[AccountChange, Any]], found: AccountDifference
) -> Iterator[AccountChange]:
    """Each with the account above it: one that is there, or one that is new in the same file. One query, none for nobody."""
    named = {said for _, said in drafts if isinstance(said, str)}
    there: dict[str, int] = {}
    if named:
        rows = NamedAccount.objects.filter(Q(company__in=named) | Q(external_id__in=named))
        for pk, company, external_id in rows.order_by("-pk").values_list("pk", "company", "external_id"):
            there |= {name: pk for name in (external_id, company) if name in named}
    new = {
        name: change.account
        for change, _ in drafts
        if change.is_new
        for name in (change.account.external_id, change.account.company)
        if name in named
    }
    for change, said in drafts:
        if said is None:
            change.account.parent_id = None
        elif isinstance(said, str):
            if said in (change.account.company, change.account.external_id):
                found.troubles.append(
                    LineTrouble(change.line, "cell", "It would belong to itself: that is left out.")
                )
            elif said in there:
                change.account.parent_id = there[said]
            elif said in new:
                change = replace(change, above=new[said])
            else:
                words = f"It belongs to “{said}”, and no account has that name or id: that is left out."
                found.troubles.append(LineTrouble(change.line, "cell", words))
        yield change


def _why_not(line: AccountLine, pk: int | None, same_name: int | None, first: dict[int, int]) -> str:
    """Why the account of this line cannot be told, "" if it can. `first` are the lines of accounts so far."""
    if pk is None:
        return ""
    if same_name is not None and pk != same_name:
        return f"Its id is that of another account, and “{line.company}” is an account of its own: change one of them first."
    before = first.setdefault(pk, line.number)
    return "" if before == line.number else f"It means the same account as line {before}, which counts."


def owner_names(changes: Iterable[AccountChange]) -> dict[int, str]:
    """Names of all owners before and after, by id; one query."""
    ids = {
        pk
        for one in changes
        for pk in (one.account.owner_id, (one.before or {}).get("owner_id"))
        if pk is not None
    }
    return {owner.pk: owner.name for owner in Owner.objects.filter(pk__in=ids)}


_TABLE = """
DROP TABLE IF EXISTS account_lines;
CREATE TEMPORARY TABLE account_lines (line int, company text, external_id text) ON COMMIT DROP
"""
# An account is known by its id elsewhere, else by its name.
_JOIN = f"""
SELECT l.line, coalesce(by_id.id, by_name.id), by_name.id, {", ".join(f"a.{name}" for name in COLUMNS)}
FROM account_lines l
LEFT JOIN (
    SELECT external_id, min(id) AS id FROM {NamedAccount._meta.db_table} WHERE external_id <> '' GROUP BY external_id
) by_id ON by_id.external_id = l.external_id
LEFT JOIN {NamedAccount._meta.db_table} by_name ON by_name.company = l.company
LEFT JOIN {NamedAccount._meta.db_table} a ON a.id = coalesce(by_id.id, by_name.id)
ORDER BY l.line
"""


def _copy(cursor: Any, lines: Sequence[AccountLine]) -> None:
    cursor.execute(_TABLE)
    with cursor.copy("COPY account_lines (line, company, external_id) FROM STDIN") as copy:
        for line in lines:
            copy.write_row((line.number, line.company, line.values.get("external_id", "")))
    cursor.execute("ANALYZE account_lines")


def _shared(changes: Sequence[AccountChange]) -> Iterator[DomainInTwo]:
    """Domains of several active accounts, one of which would change; free mail too, which finds nobody."""
    touched = {domain for one in changes if one.account.active for domain in one.account.domains}
    if not touched:
        return
    of: dict[str, list[str]] = {}
    rewritten = {one.account.pk for one in changes if one.account.pk is not None}
    rows = NamedAccount.objects.filter(active=True).exclude(domains=[])
    for pk, company, domains in rows.values_list("pk", "company", "domains").iterator(chunk_size=10_000):
        if pk not in rewritten:
            for domain in domains:
                if domain in touched:
                    of.setdefault(domain, []).append(company)
    for one in changes:
        if one.account.active:
            for domain in one.account.domains:
                of.setdefault(domain, []).append(one.account.company)
    for domain in sorted(of):
        if len(of[domain]) > 1 and not is_free_mail(domain):
            yield DomainInTwo(domain, tuple(sorted(of[domain])))
