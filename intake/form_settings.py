"""What a form's JSON columns hold."""

from typing import Annotated

from pydantic import AfterValidator, Field

from plumbing.json_shapes import JsonShape

_WITHIN = ("m", "h")
Limit = Annotated[int, Field(ge=1, le=2_147_483_647)]


def _within(text: str) -> str:
    """5m, 1h. Raises ValueError with a sentence."""
    if text and not (text[:-1].isascii() and text[:-1].isdigit() and text[-1] in _WITHIN):
        raise ValueError("Write minutes (5m) or hours (1h).")
    return text


class ThrottleLimits(JsonShape):
    """Requests per minute of a form, and of a form and address; None: the default of the API."""

    per_form: Limit | None = None
    per_ip: Limit | None = None


class VelocityLimits(JsonShape):
    """Submissions per hour beyond which one looks like spam; None: no limit."""

    per_ip: Limit | None = None
    per_email: Limit | None = None


class ConfirmationEmail(JsonShape):
    """A thank-you mail: `within` so long after the submission, or not at all."""

    subject: Annotated[str, Field(max_length=200)] = ""
    body: str = ""
    within: Annotated[str, Field(max_length=12), AfterValidator(_within)] = ""
