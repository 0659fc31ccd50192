"""Which leads a list asks for."""

from collections.abc import Iterable

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from intake import aliases
from intake.matching.keys import keys_of
from intake.models import Lead, LeadIdentity
from intake.values.normalize import normalize_values
from routing.engine.scoring import SEGMENTS
from routing.models import Assignment, LeadScore

Leads = QuerySet[Lead]


class LeadFilter(django_filters.FilterSet):  # type: ignore[misc]
    """All of them narrow the list; a value that nobody has gives an empty one."""

    email = django_filters.CharFilter(
        method="by_email", help_text="An address that the person is known by, however it is written."
    )
    phone = django_filters.CharFilter(
        method="by_phone",
        help_text="A number that the person is known by: E.164, or with its country's prefix.",
    )
    owner = django_filters.CharFilter(method="by_owner", help_text="The owner's e-mail address.")
    queue = django_filters.CharFilter(method="by_queue", help_text="The queue's name.")
    segment = django_filters.ChoiceFilter(method="by_segment", choices=[(name, name) for name in SEGMENTS])
    status = django_filters.ChoiceFilter(choices=Lead.Status.choices)
    is_test = django_filters.BooleanFilter(help_text="Test leads only, or without them.")
    created_after = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gt", help_text="ISO 8601 with offset."
    )

    class Meta:
        model = Lead
        fields: tuple[str, ...] = ()

    def by_email(self, leads: Leads, name: str, value: str) -> Leads:
        return _known_by(leads, "email", value)

    def by_phone(self, leads: Leads, name: str, value: str) -> Leads:
        return _known_by(leads, "phone", value)

    def by_owner(self, leads: Leads, name: str, value: str) -> Leads:
        return leads.filter(
            Exists(Assignment.objects.filter(lead=OuterRef("pk"), owner__email__iexact=value.strip()))
        )

    def by_queue(self, leads: Leads, name: str, value: str) -> Leads:
        return leads.filter(Exists(Assignment.objects.filter(lead=OuterRef("pk"), queue__name=value.strip())))

    def by_segment(self, leads: Leads, name: str, value: str) -> Leads:
        return leads.filter(Exists(LeadScore.objects.filter(lead=OuterRef("pk"), segment=value)))


def _known_by(leads: Leads, name: str, value: str) -> Leads:
    """By the values that a submission would be matched by, and by what is shown on the lead."""
    # In a query "+" is a blank unless it was escaped.
    given = f"+{value.strip()}" if name == "phone" and value.startswith(" ") else value
    found = normalize_values({name: given}, aliases=aliases.load(), default_region=None).values
    if name not in found:
        return leads.filter(**{name: value.strip()})
    keys: Iterable[tuple[str, str]] = ((key.kind, key.value) for key in keys_of(found))
    matching = Q()
    for kind, key in keys:
        matching |= Q(kind=kind, value=key)
    known = LeadIdentity.objects.filter(matching, lead=OuterRef("pk"))
    return leads.filter(Q(**{name: found[name]}) | Exists(known))
