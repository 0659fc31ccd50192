"""A describe in full from what is written down of it: what every field of a type has in common is not repeated in `data/`.

The shapes are those of a recorded answer (`data/SOURCES.md`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crm_sandbox.wire import Json

SOAP_TYPE = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
NUMBERS = ("double", "currency", "percent")
TYPES = (*SOAP_TYPE, "string", "textarea", "phone", "url", "email", "picklist", "multipicklist")
_ALWAYS: Json = {
    "aiPredictionField": False,
    "autoNumber": False,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "nameField": False,
    "namePointing": False,
    "polymorphicForeignKey": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "searchPrefilterable": False,
    "unique": False,
    "writeRequiresMasterRead": False,
}
_OBJECT: Json = {
    "actionOverrides": [],
    "activateable": False,
    "associateEntityType": None,
    "associateParentEntity": None,
    "childRelationships": [],
    "compactLayoutable": True,
    "createable": True,
    "custom": False,
    "customSetting": False,
    "deepCloneable": False,
    "defaultImplementation": None,
    "deletable": True,
    "deprecatedAndHidden": False,
    "extendedBy": None,
    "extendsInterfaces": None,
    "feedEnabled": False,
    "hasSubtypes": False,
    "implementedBy": None,
    "implementsInterfaces": None,
    "isInterface": False,
    "isSubtype": False,
    "layoutable": True,
    "listviewable": None,
    "lookupLayoutable": None,
    "mergeable": False,
    "mruEnabled": True,
    "namedLayoutInfos": [],
    "networkScopeFieldName": None,
    "queryable": True,
    "recordTypeInfos": [],
    "replicateable": True,
    "retrieveable": True,
    "searchLayoutable": True,
    "searchable": True,
    "sobjectDescribeOption": "FULL",
    "supportedScopes": [],
    "triggerable": True,
    "undeletable": True,
    "updateable": True,
}
# What the list of objects says of each.
IN_LIST = (
    *(
        "activateable",
        "associateEntityType",
        "associateParentEntity",
        "createable",
        "custom",
        "customSetting",
    ),
    *("deepCloneable", "deletable", "deprecatedAndHidden", "extendedBy", "extendsInterfaces", "feedEnabled"),
    *(
        "hasSubtypes",
        "implementedBy",
        "implementsInterfaces",
        "isInterface",
        "isSubtype",
        "keyPrefix",
        "label",
    ),
    *("labelPlural", "layoutable", "mergeable", "mruEnabled", "name", "queryable", "replicateable"),
    *("retrieveable", "searchable", "triggerable", "undeletable", "updateable"),
)


def field(written: Json) -> Json:
    """All of a field: `written` has its name and type, and whatever is not as usual for its type."""
    kind = written["type"]
    writable = kind not in ("id", "address")
    usual: Json = _ALWAYS | {
        "aggregatable": kind not in ("boolean", "address"),
        "createable": writable,
        "updateable": writable,
        "nillable": kind not in ("id", "boolean"),
        "defaultedOnCreate": kind in ("id", "boolean"),
        "digits": 8 if kind == "int" else 0,
        "extraTypeInfo": "plaintextarea" if kind == "textarea" else None,
        "filterable": kind != "address",
        "groupable": kind not in (*NUMBERS, "address", "datetime"),
        "idLookup": kind in ("id", "email"),
        "label": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", written["name"].removesuffix("__c")).replace("_", " "),
        "length": {"id": 18, "reference": 18, "phone": 40, "email": 80}.get(kind, 0),
        "permissionable": kind not in ("id", "boolean"),
        "precision": 18 if kind in NUMBERS else 0,
        "queryByDistance": kind == "address",
        "scale": 15 if kind == "double" else 0,
        "soapType": SOAP_TYPE.get(kind, "xsd:string"),
        "sortable": kind != "address",
    }
    made = usual | written
    made["picklistValues"] = _choices(written.get("picklistValues", []), default=made["defaultValue"])
    made.setdefault("byteLength", made["length"] * 3)
    return made


def _choices(written: Sequence[str | list[str] | Json], *, default: str | None) -> list[Json]:
    """A value whose label is another stands as a pair."""
    made: list[Json] = []
    for each in written:
        if isinstance(each, dict):
            made.append(each)
            continue
        value, label = (each, each) if isinstance(each, str) else each
        is_default = default is not None and value == default
        made.append(
            {"active": True, "defaultValue": is_default, "label": label, "validFor": None, "value": value}
        )
    return made


def sobject(written: Json) -> Json:
    """All of an object but its fields and urls."""
    usual: Json = {"label": written["name"], "labelPlural": f"{written['name']}s"}
    return _OBJECT | usual | {key: value for key, value in written.items() if key != "fields"}


def urls(name: str, *, version: str, pages: str) -> Json:
    """`pages`: where people see its records."""
    base = f"/services/data/v{version}/sobjects/{name}"
    return {
        "compactLayouts": f"{base}/describe/compactLayouts",
        "rowTemplate": f"{base}/{{ID}}",
        "approvalLayouts": f"{base}/describe/approvalLayouts",
        "uiDetailTemplate": f"{pages}/{{ID}}",
        "describe": f"{base}/describe",
        "layouts": f"{base}/describe/layouts",
        "sobject": base,
    }
