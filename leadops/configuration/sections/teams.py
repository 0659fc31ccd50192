from typing import Any

from leadops.configuration.schema import Field, Flag, Kind, Notes, Path, Shape, Text
from leadops.configuration.section import Reference, RowSection
from plumbing import notify, notify_addresses
from plumbing.notify_addresses import StoredAddress, is_placeholder
from plumbing.secrets import SecretError
from routing.models import Owner, Team, WorkCalendar

OWNER = Reference("owners", Owner, by="email", lower=True)
CALENDAR = Reference("calendars", WorkCalendar)


class Addresses(Kind):
    """Whom to tell. An address with secrets is written as it is, or as an export shows it, which keeps what is stored; its plain
    form is how it is shown."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, list):
            notes.problem(at, "Write a list here.")
            return value
        return [self._address(each, (*at, place), notes) for place, each in enumerate(value)]

    def _address(self, value: Any, at: Path, notes: Notes) -> Any:
        if isinstance(value, StoredAddress) or not isinstance(value, str):
            return value if isinstance(value, str) else Text().check(value, at, notes)
        try:
            (address,) = notify_addresses.kept(
                [value.strip()], among=_stored() if is_placeholder(value) else ()
            )
            if not address.startswith(("mailto:", "env:")) and "://" not in address:
                raise ValueError(_NO_ADDRESS.format(address))
            notify.check_address(address)
            return notify_addresses.stored(address)
        except (ValueError, notify.NotifyError, SecretError) as error:
            notes.problem(at, str(error))
            return value


_NO_ADDRESS = "“{}” is not an address: write mailto:name@example.com, env:NAME, or an Apprise URL with ://."


def _stored() -> list[str]:
    return [address for team in Team.objects.exclude(notify=[]) for address in team.notify]


class Teams(RowSection):
    name = "teams"
    model = Team
    item = Shape(
        (
            Field("name", Text(120)),
            Field("manager", OWNER, None, late=True),
            Field("calendar", CALENDAR, None),
            Field("notify", Addresses(), []),
            Field("active", Flag(), True),
        )
    )
