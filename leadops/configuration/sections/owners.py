from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from leadops.configuration.schema import Field, Flag, Item, ListOf, Shape, Text, Whole
from leadops.configuration.section import Reference, RowSection
from leadops.configuration.sections.teams import CALENDAR, OWNER
from routing.models import Owner, Team

TEAM = Reference("teams", Team)


def email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        return f"“{text}” is not an e-mail address."
    return ""


class Owners(RowSection):
    name = "owners"
    model = Owner
    keys = ("email",)
    item = Shape(
        (
            Field("email", Text(254, also=email, lower=True)),
            Field("name", Text(120)),
            Field("team", TEAM, None),
            Field("calendar", CALENDAR, None),
            Field("skills", ListOf(Text()), []),
            Field("daily_cap", Whole(), None),
            Field("weekly_cap", Whole(), None),
            Field("load_cap", Whole(), None),
            Field("sdr", OWNER, None, late=True),
            Field("active", Flag(), True),
        )
    )

    def show(self, row: Any) -> Item:
        item = super().show(row)
        return {**item, "email": item["email"].lower()}
