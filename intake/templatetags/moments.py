"""{{ row.at|moment:"ago" }}"""

from django import template

from intake.moments import moment

register = template.Library()
register.filter("moment", moment)
