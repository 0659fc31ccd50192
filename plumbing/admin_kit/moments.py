"""Times on screens: UTC in the page, the viewer's zone once the script has seen it, exact on hover; and how long things took."""

from datetime import UTC, datetime
from typing import Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

Show = Literal["clock", "minute", "moment", "date", "ago", "due"]

_FORMATS: dict[Show, str] = {
    "clock": "%H:%M:%S",
    "minute": "%H:%M",
    "moment": "%-d %b %H:%M",
    "date": "%-d %b %Y",
    "ago": "%-d %b %H:%M",
    "due": "%-d %b %H:%M",
}


def moment(at: datetime | None, show: Show = "moment") -> SafeString | str:
    """A <time> element. "ago" and "due" count from now ("in 22 min", "5 min late") and go on counting."""
    if at is None:
        return "–"
    at = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-show="{}" title="{} UTC">{} UTC</time>',
        at.isoformat(),
        show,
        at.strftime("%Y-%m-%d %H:%M:%S"),
        at.strftime(_FORMATS[show]),
    )


def seconds_in_words(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min", "2 h 10 min", "3 days" """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"
