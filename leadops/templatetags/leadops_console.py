"""What the console's templates need: times, initials."""

from django import template

from leadops.console.moments import moment
from leadops.console.people import in_words, initials

register = template.Library()

register.simple_tag(moment)
register.filter("initials", initials)
register.filter("words", in_words)
