"""SOQL as SQL over the records as they are kept. Raises OrgError for fields that there are not, in Salesforce's words."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from crm_sandbox.salesforce import definitions, ids
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.describe_shapes import NUMBERS
from crm_sandbox.salesforce.errors import OrgError, no_type
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.soql import (
    Condition,
    SoqlAmong,
    SoqlComparison,
    SoqlJoined,
    SoqlLiteral,
    SoqlNegated,
    SoqlQuery,
    malformed,
)
from crm_sandbox.wire import Json

_IDS = ("id", "reference")
_MOST_OFFSET = 2000


@dataclass(frozen=True, slots=True)
class SoqlColumn:
    """A field that a query names: `keys` are its own name, or a relationship's and the field's there; `sql` reads it."""

    keys: tuple[str, ...]
    sql: str
    field: Json
    # The field that leads to the other record.
    through: str = ""
    polymorphic: bool = False


@dataclass(slots=True)
class SqlStatement:
    """Ids in their order, or a number."""

    sql: str
    values: list[object]


@dataclass(slots=True)
class SoqlPlan:
    type: str
    columns: list[SoqlColumn]
    ids: SqlStatement
    count: str = ""


@dataclass(slots=True)
class _Scope:
    """The records of one FROM, under a name of their own, with those that their relationships lead to."""

    org: Org
    db: sqlite3.Connection
    caller: OrgCaller
    type: str
    name: str
    joins: dict[str, str] = field(default_factory=dict)
    values: list[object] = field(default_factory=list)


def planned(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, query: SoqlQuery, deleted: bool, name: str = "r"
) -> SoqlPlan:
    type = definitions.named(query.type)
    if not caller.may("read", type):
        raise no_type(query.type)
    scope = _Scope(org, db, caller, type, name)
    columns = [_column(scope, path) for path in query.paths]
    if query.count not in ("", "all"):
        _column(scope, query.count)
    where = [f"{name}.type = ?"] + ([] if deleted else [f"NOT {name}.deleted"])
    first: list[object] = [type]
    if not caller.may("view_all", type) and "OwnerId" in org.definitions.fields(db, type):
        where.append(f"json_extract({name}.fields, '$.OwnerId') = ?")
        first.append(caller.user_id)
    if query.where is not None:
        where.append(_condition(scope, query.where, deleted=deleted))
    orders = [
        f"{_column(scope, each.path).sql} {'DESC' if each.descending else 'ASC'}"
        f" NULLS {'FIRST' if each.nulls_first else 'LAST'}"
        for each in query.orders
    ]
    if query.offset > _MOST_OFFSET:
        raise OrgError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
    joins = "".join(scope.joins.values())
    sql = f"FROM org_records {name}{joins} WHERE {' AND '.join(where)}"
    sql = f"SELECT {name}.id {sql}"
    if not query.count:
        # With the plus no index for the order keeps one for the condition from being used.
        sql += f" ORDER BY {', '.join(orders or [f'+{name}.number'])}"
    if query.limit is not None or query.offset:
        limit = -1 if query.limit is None else query.limit
        sql += f" LIMIT {limit} OFFSET {query.offset}"
    return SoqlPlan(type, columns, SqlStatement(sql, first + scope.values), query.count)


def _column(scope: _Scope, path: str) -> SoqlColumn:
    keys = path.split(".")
    if len(keys) > 1 and keys[0].lower() == scope.type.lower():
        keys = keys[1:]
    if len(keys) == 1:
        return _own(scope, keys[0])
    if len(keys) > 2:
        raise malformed(f"'{path}': relationships of one step are understood here")
    return _related(scope, keys[0], keys[1], path=path)


def _own(scope: _Scope, key: str) -> SoqlColumn:
    found = scope.org.definitions.spelled(scope.db, scope.type, key)
    if not found or not scope.caller.sees(scope.type, found):
        raise _no_column(key, scope.type)
    made = scope.org.definitions.fields(scope.db, scope.type)[found]
    return SoqlColumn((found,), _reading(scope.name, made), made)


def _related(scope: _Scope, relationship: str, key: str, *, path: str) -> SoqlColumn:
    own = scope.org.definitions.fields(scope.db, scope.type)
    through = next(
        (each for each in own.values() if (each["relationshipName"] or "").lower() == relationship.lower()),
        None,
    )
    if through is None or not scope.caller.sees(scope.type, through["name"]):
        raise OrgError(
            400,
            "INVALID_FIELD",
            f"Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name.",
        )
    alias = f"{scope.name}_{through['name']}"
    scope.joins.setdefault(
        alias,
        f" LEFT JOIN org_records {alias} ON {alias}.id = json_extract({scope.name}.fields, '$.{through['name']}')",
    )
    polymorphic = len(through["referenceTo"]) > 1
    keys = (through["relationshipName"], key)
    if polymorphic and key.lower() == "type":
        text: Json = {"name": "Type", "type": "string", "filterable": True, "caseSensitive": False}
        return SoqlColumn((keys[0], "Type"), f"{alias}.type", text, through["name"], True)
    for type in sorted(through["referenceTo"], reverse=True):
        if type not in ids.PREFIXES:
            continue
        found = scope.org.definitions.spelled(scope.db, type, key)
        if found and scope.caller.sees(type, found) and scope.caller.may("read", type):
            made = scope.org.definitions.fields(scope.db, type)[found]
            return SoqlColumn((keys[0], found), _reading(alias, made), made, through["name"], polymorphic)
    raise _no_column(key, "Name" if polymorphic else through["referenceTo"][0])


def _reading(alias: str, made: Json) -> str:
    if made["name"] == "Id":
        return f"{alias}.id"
    if made["name"] == "IsDeleted":
        return f"{alias}.deleted"
    value = f"json_extract({alias}.fields, '$.{made['name']}')"
    return f"COALESCE({value}, 0)" if made["type"] == "boolean" else value


def _no_column(key: str, type: str) -> OrgError:
    return OrgError(
        400,
        "INVALID_FIELD",
        f"No such column '{key}' on entity '{type}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate "
        "names.",
    )


def _condition(scope: _Scope, condition: Condition, *, deleted: bool) -> str:
    if isinstance(condition, SoqlJoined):
        parts = [_condition(scope, part, deleted=deleted) for part in condition.parts]
        return "(" + f" {condition.word} ".join(parts) + ")"
    if isinstance(condition, SoqlNegated):
        return f"NOT COALESCE({_condition(scope, condition.part, deleted=deleted)}, 0)"
    column = _column(scope, condition.path)
    if not column.field["filterable"]:
        raise OrgError(400, "INVALID_FIELD", f"field '{condition.path}' can not be filtered in a query call")
    if isinstance(condition, SoqlAmong):
        return _among(scope, condition, column, deleted=deleted)
    return _compared(scope, condition, column)


def _compared(scope: _Scope, condition: SoqlComparison, column: SoqlColumn) -> str:
    sign, literal = condition.sign, condition.value
    if literal.kind == "null":
        if sign not in ("=", "!="):
            raise OrgError(400, "INVALID_QUERY_FILTER_OPERATOR", f"null cannot be compared with {sign}")
        return f"{column.sql} IS {'NOT ' if sign == '!=' else ''}NULL"
    if sign == "like":
        if literal.kind != "string" or column.field["type"] in (
            *_IDS,
            *NUMBERS,
            "int",
            "boolean",
            "date",
            "datetime",
        ):
            raise OrgError(400, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on " + condition.path)
        scope.values.append(literal.pattern())
        return f"{column.sql} LIKE ? ESCAPE '\\'"
    scope.values.append(_value(column, literal, path=condition.path))
    operator = {"!=": "IS NOT"}.get(sign, sign)
    return f"{column.sql} {operator} ?{_collation(column)}"


def _among(scope: _Scope, condition: SoqlAmong, column: SoqlColumn, *, deleted: bool) -> str:
    word = "NOT IN" if condition.negated else "IN"
    if condition.query is not None:
        name = f"{scope.name}q"
        inner = planned(
            scope.db, org=scope.org, caller=scope.caller, query=condition.query, deleted=deleted, name=name
        )
        if len(inner.columns) != 1 or inner.columns[0].field["type"] not in _IDS:
            raise malformed("a semi-join selects one field, an id or a reference")
        scope.values += inner.ids.values
        sql = inner.ids.sql.replace(f"SELECT {name}.id ", f"SELECT {inner.columns[0].sql} AS found ", 1)
        return f"COALESCE({column.sql}, '') {word} (SELECT found FROM ({sql}) WHERE found IS NOT NULL)"
    values = [_value(column, each, path=condition.path) for each in condition.values if each.kind != "null"]
    scope.values += values
    marks = ",".join("?" * len(values))
    # The collation of an IN is that of what stands on its left.
    found = f"{column.sql}{_collation(column)} {word} ({marks})"
    with_null = any(each.kind == "null" for each in condition.values)
    if condition.negated:
        return (
            f"({found} AND {column.sql} IS NOT NULL)" if with_null else f"({column.sql} IS NULL OR {found})"
        )
    return f"({found} OR {column.sql} IS NULL)" if with_null else found


def _collation(column: SoqlColumn) -> str:
    kind = column.field["type"]
    exact = kind in (*_IDS, *NUMBERS, "int", "boolean", "date", "datetime") or column.field["caseSensitive"]
    return "" if exact else " COLLATE NOCASE"


def _value(column: SoqlColumn, literal: SoqlLiteral, *, path: str) -> object:
    kind = column.field["type"]
    wanted = {"boolean": "boolean", "date": "date", "datetime": "datetime", "int": "number"}.get(
        kind, "number" if kind in NUMBERS else "string"
    )
    if literal.kind != wanted:
        quoted = "should be enclosed in quotes" if wanted == "string" else "should not be enclosed in quotes"
        shown = {"datetime": "dateTime", "number": "double"}.get(wanted, wanted)
        raise OrgError(
            400,
            "INVALID_FIELD",
            f"value of filter criterion for field '{path}' must be of type {shown} and {quoted}",
        )
    if wanted == "boolean":
        return int(literal.text == "true")
    if wanted == "number":
        return float(literal.text)
    if kind in _IDS:
        id = ids.read(literal.plain())
        if id is None:
            raise OrgError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.plain()}")
        return id
    return literal.text if wanted in ("date", "datetime") else literal.plain()
