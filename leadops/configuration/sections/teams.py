from leadops.configuration.schema import Field, Flag, ListOf, Shape, Text
from leadops.configuration.section import Reference, RowSection
from routing.models import Owner, Team, WorkCalendar

OWNER = Reference("owners", Owner, by="email", lower=True)
CALENDAR = Reference("calendars", WorkCalendar)


def _address(text: str) -> str:
    if text.startswith("mailto:") or "://" in text:
        return ""
    return f"“{text}” is not an address: write mailto:name@example.com, or an Apprise URL with ://."


class Teams(RowSection):
    name = "teams"
    model = Team
    item = Shape(
        (
            Field("name", Text(120)),
            Field("manager", OWNER, None, late=True),
            Field("calendar", CALENDAR, None),
            Field("notify", ListOf(Text(also=_address)), []),
            Field("active", Flag(), True),
        )
    )
