import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from intake.form_settings import ConfirmationEmail, ThrottleLimits, VelocityLimits
from intake.models import IntakeForm
from intake.vendors import registry
from leadops.configuration.schema import (
    Choice,
    Field,
    Flag,
    Item,
    ListOf,
    MapOf,
    Notes,
    OneOf,
    Path,
    Plain,
    Shape,
    Shaped,
    Text,
    environment_name,
)
from leadops.configuration.section import RowSection
from leadops.configuration.sections.value_aliases import canonical_field

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_ORIGIN = re.compile(r"https?://[^/\s]+|\*")


def key(text: str) -> str:
    return "" if _KEY.fullmatch(text) else f"“{text}” is not a key: use lower-case letters, digits, - and _."


def url(text: str) -> str:
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        return f"“{text}” is not an address: write it like https://www.example.com/path."
    return ""


def _origin(text: str) -> str:
    if _ORIGIN.fullmatch(text):
        return ""
    return f"“{text}” is not an origin: write it like https://www.example.com, with nothing after the host."


def _goes_together(item: Item, at: Path, notes: Notes) -> None:
    if item.get("success_status") == IntakeForm.SuccessStatus.SEE_OTHER and not item.get("thank_you_url"):
        notes.problem((*at, "success_status"), "A redirect (303) needs “thank_you_url”.")


class Forms(RowSection):
    """Secrets never stand in the file: `secret_env` names the variable that holds one."""

    name = "forms"
    model = IntakeForm
    keys = ("key",)
    item = Shape(
        (
            Field("key", Text(64, also=key)),
            Field("name", Text(200)),
            Field("kind", Choice(tuple(IntakeForm.Kind.values)), "public", shown=True),
            Field("purpose", Choice(tuple(IntakeForm.Purpose.values)), "sales", shown=True),
            Field("vendor", Choice(tuple(registry.VENDORS)), "generic"),
            Field("secret_env", Text(100, also=environment_name), ""),
            Field("allowed_origins", ListOf(Text(also=_origin)), []),
            Field("required", ListOf(Text(also=canonical_field)), []),
            Field("on_invalid", Choice(tuple(IntakeForm.OnInvalid.values)), "hold", shown=True),
            Field("honeypot", Text(100), ""),
            Field("defaults", MapOf(Plain()), {}),
            Field("field_map", MapOf(Text(also=canonical_field)), {}),
            Field("throttle", Shaped(ThrottleLimits), {}),
            Field("velocity", Shaped(VelocityLimits), {}),
            Field("success_status", OneOf(tuple(IntakeForm.SuccessStatus.values)), 202),
            Field("thank_you_url", Text(200, also=url), ""),
            Field("confirmation_email", Shaped(ConfirmationEmail), {}),
            Field("active", Flag(), True),
        ),
        also=_goes_together,
    )

    def stays(self, item: Item) -> bool:
        """A connection makes its own form; what a file says of it (its purpose, say) counts all the same."""
        return bool(item["kind"] == IntakeForm.Kind.CRM)
