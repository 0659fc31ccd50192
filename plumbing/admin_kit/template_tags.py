"""{{ row.at|moment:"ago" }}, {{ owner.name|initials }}, {{ step.do|label }}, {% may_open owner as opens %}"""

from typing import Any

from django import template
from django.contrib import admin
from django.template import Context

from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.people import as_label, initials

register = template.Library()
register.filter("moment", moment)
register.filter("initials", initials)
register.filter("label", as_label)


@register.simple_tag(takes_context=True)
def may_open(context: Context, row: Any) -> bool:
    """Whether the viewer has a page of this row: a name is a link only where it leads somewhere."""
    page = admin.site._registry.get(type(row))
    return page is not None and page.has_view_permission(context["request"], row)
