"""The sections, in the order of the file; rows are written in this order too."""

from leadops.configuration.section import Section
from leadops.configuration.sections.absences import Absences
from leadops.configuration.sections.account_match import AccountMatchSection
from leadops.configuration.sections.calendars import Calendars
from leadops.configuration.sections.connections import Connections
from leadops.configuration.sections.forms import Forms
from leadops.configuration.sections.named_accounts import NamedAccounts
from leadops.configuration.sections.owners import Owners
from leadops.configuration.sections.queues import Queues
from leadops.configuration.sections.rotations import Rotations
from leadops.configuration.sections.rules import Rules
from leadops.configuration.sections.scoring import ScoringSection
from leadops.configuration.sections.sla_policies import SlaPolicies
from leadops.configuration.sections.stickiness import Stickiness
from leadops.configuration.sections.teams import Teams
from leadops.configuration.sections.territories import Territories
from leadops.configuration.sections.test_addresses import TestAddresses
from leadops.configuration.sections.value_aliases import ValueAliases

SECTIONS: dict[str, Section] = {
    section.name: section
    for section in (
        Calendars(),
        Teams(),
        Owners(),
        Absences(),
        Queues(),
        Territories(),
        NamedAccounts(),
        ValueAliases(),
        TestAddresses(),
        Rotations(),
        ScoringSection(),
        Stickiness(),
        AccountMatchSection(),
        Rules(),
        SlaPolicies(),
        Forms(),
        Connections(),
    )
}
