"""{{ row.at|moment:"ago" }}"""

from django import template

from plumbing.admin_kit.moments import moment

register = template.Library()
register.filter("moment", moment)
