"""Stage normalize: canonical values from the stored body. Reads the body anew, so a fixed field map takes effect.

A vendor's test delivery ends here: it shows how a body is read, and is nobody who asked for us.
"""

from intake import aliases, bodies
from intake.batch import Batch
from intake.exception_kinds import FIELD_MAP
from intake.outcomes import Hold, Stop
from intake.pipeline import stage
from intake.reading import bot_filled, read


@stage()
def normalize(batch: Batch) -> None:
    """Canonical values, phone, country, name parts; a broken field map holds the submission."""
    known = aliases.load()
    for work in batch.going():
        submission = work.submission
        try:
            reading = read(
                work.form, body=bytes(submission.body), content_type=submission.content_type, aliases=known
            )
        except (bodies.MalformedBody, bodies.UnsupportedMedia) as error:
            work.outcome = Hold(FIELD_MAP, f"{work.form.name}: {error}")
            continue
        work.values = _jsonable(reading.normalized.values)
        work.raw_values = {name: _text(value) for name, value in reading.normalized.raw.items()}
        work.extra = dict(reading.mapped.extra)
        work.notes = [note.to_json() for note in reading.notes]
        work.bot_filled = bot_filled(work.form, reading.flat)
        work.is_test, work.meeting = reading.flat.is_test, reading.flat.meeting
        names = ", ".join(sorted(reading.mapped.unknown))
        if work.is_test:
            also = f" The form maps to unknown fields: {names}." if names else ""
            work.outcome = Stop("rejected", f"Test delivery: read and kept, never routed.{also}")
        elif names:
            work.outcome = Hold(FIELD_MAP, f"{work.form.name} maps to unknown fields: {names}")


def _jsonable(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, str | int | float | bool | list | dict) else str(value)
        for name, value in values.items()
    }


def _text(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
