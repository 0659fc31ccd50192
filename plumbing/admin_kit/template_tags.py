"""{{ row.at|moment:"ago" }}, {{ owner.name|initials }}, {{ step.do|label }}, {% may_open owner as opens %}"""

from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib import admin
from django.template import Context
from django.urls import Resolver404, resolve

from plumbing.admin_kit.moments import moment, seconds_in_words
from plumbing.admin_kit.people import as_label, initials

register = template.Library()
register.filter("moment", moment)
register.filter("seconds_in_words", seconds_in_words)
register.filter("initials", initials)
register.filter("label", as_label)


@register.simple_tag(takes_context=True)
def may_open(context: Context, row: Any) -> bool:
    """Whether the viewer has a page of this row: a name is a link only where it leads somewhere."""
    page = admin.site._registry.get(type(row))
    return page is not None and page.has_view_permission(context["request"], row)


@register.filter
def heading(part: Mapping[str, Any]) -> Any:
    """A part of the path above a page: a list is called what the navigation calls it (`TitledList.list_title`)."""
    try:
        found = resolve(str(part.get("link") or ""))
    except Resolver404:
        return part["title"]
    page = getattr(found.func, "model_admin", None)
    is_list = (found.url_name or "").endswith("_changelist")
    return (is_list and getattr(page, "list_title", "")) or part["title"]
