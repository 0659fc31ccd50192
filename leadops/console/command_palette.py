"""What the command palette (Ctrl-K) finds besides pages: people, rules, forms, leads."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from crm_sync.models import CrmConnection
from intake.models import IntakeForm, Lead
from routing.models import NamedAccount, Owner, Queue, Rotation, RoutingRule, Territory

MOST_PER_MODEL = 6
SHORTEST_TERM = 2

_FOUND: tuple[tuple[type[Model], str], ...] = (
    (Lead, "contacts"),
    (Owner, "badge"),
    (RoutingRule, "alt_route"),
    (Rotation, "autorenew"),
    (Queue, "inbox"),
    (Territory, "public"),
    (NamedAccount, "domain"),
    (IntakeForm, "dynamic_form"),
    (CrmConnection, "sync_alt"),
)


def find(request: HttpRequest, term: str) -> list[SearchResult]:
    """A few rows per model, by the search of the model's own list, and only what the viewer may see."""
    if len(term) < SHORTEST_TERM:
        return []
    results = []
    for model, icon in _FOUND:
        page = admin.site._registry.get(model)
        if page is None or not page.has_view_permission(request):
            continue
        rows, _ = page.get_search_results(request, page.get_queryset(request), term)
        name = model._meta.model_name
        for row in rows[:MOST_PER_MODEL]:
            link = reverse(f"admin:{model._meta.app_label}_{name}_change", args=(row.pk,))
            kind = str(model._meta.verbose_name)
            results.append(SearchResult(title=str(row), description=kind.capitalize(), link=link, icon=icon))
    return results
