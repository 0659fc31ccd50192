"""{{ row.at|moment:"ago" }}, {{ owner.name|initials }}, {{ step.do|label }}"""

from django import template

from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.people import as_label, initials

register = template.Library()
register.filter("moment", moment)
register.filter("initials", initials)
register.filter("label", as_label)
