"""A lead on its way through the pipeline: the row as it will be written, and what it was before this touch."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from intake.models import Lead


@dataclass(frozen=True, slots=True)
class LeadBefore:
    """What a returning lead was before the touch that brought it back."""

    status: str
    contacted_at: datetime | None
    last_form_key: str
    last_submitted_at: datetime | None
    has_open_deal: bool


@dataclass(eq=False, slots=True)
class LeadDraft:
    """A lead that the pipeline makes (`is_new`) or touches. Several works of a batch can share one.

    Stages read `lead` and write through `change`. A draft is left to its writer when it is made, and may be changed
    until the batch is written.
    """

    lead: Lead
    is_new: bool

    def change(self, **values: Any) -> None:
        """Give columns of the lead new values. Raises ValueError for a name that is no column a stage may set."""
        if unknown := values.keys() - _changeable():
            raise ValueError(f"A lead has no {', '.join(sorted(unknown))} to change.")
        for name, value in values.items():
            setattr(self.lead, name, value)

    def before(self) -> LeadBefore:
        """The lead as it is now, to be kept before a touch changes it."""
        lead = self.lead
        return LeadBefore(
            status=lead.status,
            contacted_at=lead.contacted_at,
            last_form_key=lead.last_form_key,
            last_submitted_at=lead.last_submitted_at,
            has_open_deal=lead.has_open_deal,
        )


@cache
def _changeable() -> frozenset[str]:
    # The key and the version are the writer's.
    return frozenset(field.name for field in Lead._meta.concrete_fields) - {"id", "version", "created_at"}
