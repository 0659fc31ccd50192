"""What the console's templates need: times, initials."""

from django import template

from leadops.console.moments import moment, seconds_in_words
from leadops.console.people import initials

register = template.Library()

register.simple_tag(moment)
register.filter("initials", initials)
register.filter("duration", seconds_in_words)
