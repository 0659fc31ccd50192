"""Which page of the console shows what an exception is about (settings.LEADOPS_EXCEPTION_PAGES).

The layers below name the types of their subjects; only the project package knows every page.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower
from django.urls import reverse

from crm_sync.admin.access import access_url
from crm_sync.models import CrmConnection, FieldMapping
from exception_queue.pages import About, Link, Pages
from routing.models import Owner, OwnerNotice

# What the link to a subject's page says, where it is more than the subject's word.
_OPENS = {"right": "Set up access"}
# Subject ids of one type -> the address of each that has a page.
Addresses = Callable[[Collection[str]], Mapping[str, str]]


def pages_of(items: Sequence[About]) -> list[Pages]:
    """In the order of the items; a query per type of subject that is not addressed by its own id."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for item in items:
        wanted[item.subject_type].add(item.subject_id)
        for name in ("connection", "submission"):
            if named := _named(item, name):
                wanted[name].add(named)
    addresses = {
        (type_, id_): url
        for type_, ids in wanted.items()
        if type_ in SUBJECTS
        for id_, url in SUBJECTS[type_](ids).items()
    }
    return [_pages(item, addresses) for item in items]


def _pages(item: About, addresses: Mapping[tuple[str, str], str]) -> Pages:
    subject = addresses.get((item.subject_type, item.subject_id), "")
    word = item.subject_type.replace("_", " ")
    opens = _OPENS.get(item.subject_type, f"Open the {word}")
    connection = addresses.get(("connection", _named(item, "connection")), "")
    submission = (
        subject
        if item.subject_type == "submission"
        else addresses.get(("submission", _named(item, "submission")), "")
    )
    pair = _named(item, "lead"), _named(item, "candidate")
    compare = reverse("admin:intake_lead_compare", args=pair) if all(map(_is_uuid, pair)) else ""
    related = [
        Link(_OPENS.get(item.subject_type, f"The {word}"), subject),
        Link("The raw body", f"{submission}#as-it-came-in" if submission else ""),
        Link("Compare the two", compare),
    ]
    own = Link("Compare", compare) if compare else Link(opens, subject)
    return Pages(
        subject=subject,
        shared=Link("Open the connection", connection) if connection else None,
        own=own if own.url else None,
        related=tuple(link for link in related if link.url),
    )


def _change_page(model: str) -> Addresses:
    """Types whose ids are the primary keys of a model ("app_model")."""
    return lambda ids: {id_: _change(model, id_) for id_ in ids if id_.isdecimal() or _is_uuid(id_)}


def _connections(keys: Collection[str]) -> Mapping[str, str]:
    found = CrmConnection.objects.filter(key__in=keys).values_list("key", "pk")
    return {key: _change("crm_sync_crmconnection", pk) for key, pk in found}


def _owners(emails: Collection[str]) -> Mapping[str, str]:
    found = Owner.objects.annotate(address=Lower("email")).filter(address__in=emails)
    return {address: _change("routing_owner", pk) for address, pk in found.values_list("address", "pk")}


def _owners_there(ids: Collection[str]) -> Mapping[str, str]:
    """ "connection address": the owner's page here."""
    found = _owners({id_.partition(" ")[2] for id_ in ids})
    return {id_: found[email] for id_ in ids if (email := id_.partition(" ")[2]) in found}


def _rights(ids: Collection[str]) -> Mapping[str, str]:
    """ "connection right": where the connection's token is set up."""
    keys = {id_: id_.partition(" ")[0] for id_ in ids}
    found = dict(CrmConnection.objects.filter(key__in=keys.values()).values_list("key", "pk"))
    return {id_: access_url(found[key]) for id_, key in keys.items() if key in found}


def _connections_of_names(ids: Collection[str]) -> Mapping[str, str]:
    """ "connection name", of a property: the connection's page."""
    found = _connections({id_.partition(" ")[0] for id_ in ids})
    return {id_: found[key] for id_ in ids if (key := id_.partition(" ")[0]) in found}


def _mappings(ids: Collection[str]) -> Mapping[str, str]:
    """A mapping is a line on its connection's page."""
    found = FieldMapping.objects.filter(pk__in=[id_ for id_ in ids if id_.isdecimal()])
    lines = found.values_list("pk", "connection_id")
    return {str(pk): f"{_change('crm_sync_crmconnection', line)}#mappings" for pk, line in lines}


def _crm_rules(ids: Collection[str]) -> Mapping[str, str]:
    """The leads that wait for a rule stand in the outbox of its connection."""
    page = reverse("admin:crm_sync_outboxentry_changelist")
    rules = {id_: id_.partition(":") for id_ in ids}
    return {
        id_: f"{page}?connection__id__exact={connection}&rule__exact={rule}"
        for id_, (connection, _, rule) in rules.items()
    }


def _notices(ids: Collection[str]) -> Mapping[str, str]:
    """A notice is seen on its lead's page."""
    found = OwnerNotice.objects.filter(pk__in=[id_ for id_ in ids if id_.isdecimal()])
    return {str(pk): _change("intake_lead", lead) for pk, lead in found.values_list("pk", "lead")}


SUBJECTS: Mapping[str, Addresses] = {
    # No page shows backups: the item itself says what is wrong with them.
    "backup": lambda ids: {},
    "alert rule": _change_page("exception_queue_alertrule"),
    "connection": _connections,
    "crm rule": _crm_rules,
    "lead": _change_page("intake_lead"),
    "mapping": _mappings,
    "notice": _notices,
    "owner": _owners,
    "owner there": _owners_there,
    "property": _connections_of_names,
    "right": _rights,
    "rotation": _change_page("routing_rotation"),
    "submission": _change_page("intake_submission"),
}


def _change(model: str, pk: Any) -> str:
    return reverse(f"admin:{model}_change", args=(pk,))


def _named(item: About, name: str) -> str:
    value = item.detail.get(name) if isinstance(item.detail, dict) else None
    return value if isinstance(value, str) else ""


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
