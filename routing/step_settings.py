"""What one step of a response time says."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from plumbing.json_shapes import JsonShape
from plumbing.spelling import did_you_mean
from routing.engine.durations import DurationError, parse
from routing.engine.step_kinds import NOT_ACTIVE_YET, STEP_KINDS

_KNOWN = (*STEP_KINDS, *NOT_ACTIVE_YET)
_ONLY_FOR = {option: kind.do for kind in STEP_KINDS.values() for option in kind.options}


def _after(text: str) -> str:
    try:
        parse(text)
    except DurationError as error:
        raise ValueError(str(error)) from error
    return text


def _kind(do: str) -> str:
    if do not in _KNOWN:
        raise ValueError(f"“{do}” is not known here: use {', '.join(_KNOWN)}.{did_you_mean(do, _KNOWN)}")
    return do


class SlaStepSpec(JsonShape):
    """`at` is how long after the start of its clock: a share of the time until the answer is due (50%), or a time (15m, 4bh).

    `clock` is whose: the customer's, from receipt, or the owner's, from the assignment. `exclude` says to whom `reassign`
    does not give the lead, `queue` names where `queue` puts it.
    """

    at: Annotated[str, Field(max_length=12), AfterValidator(_after)]
    do: Annotated[str, AfterValidator(_kind)]
    clock: Literal["customer", "owner"] = "customer"
    exclude: Literal["past_owners", "nobody"] = "past_owners"
    queue: str = ""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        for option in sorted(self.model_fields_set & _ONLY_FOR.keys()):
            if self.do != _ONLY_FOR[option]:
                raise ValueError(f"Only “do: {_ONLY_FOR[option]}” has “{option}”.")
        if self.do == "queue" and not self.queue:
            raise ValueError("“do: queue” needs the name of the queue: queue: Triage.")
        return self
