"""Stage validate: the form's contract, whether contact details are whole, and whether the person can be reached at all."""

from intake.batch import Batch, Work
from intake.canonical import label_of
from intake.exception_kinds import REQUIRED_MISSING, UNFIT_CONTACT, UNREACHABLE
from intake.outcomes import Hold
from intake.pipeline import stage
from intake.values.normalize import UNFIT


@stage(needs=("normalize",))
def validate(batch: Batch) -> None:
    """Holds what misses a required field, has damaged contact details, or leaves no way to reach the person."""
    for work in batch.going():
        if work.bot_filled and not work.submission.cleared_by:
            continue  # The next stage knows what to do with a bot.
        unfit = [note for note in work.notes if note["code"] == UNFIT]
        if unfit and not work.submission.retried_by:  # Once a person has looked, it goes on without them.
            cause = f"{work.form.name}: {', '.join(label_of(note['field']) for note in unfit)} damaged"
            detail = {"notes": [note["message"] for note in unfit]}
            work.outcome = Hold(UNFIT_CONTACT, cause, detail=detail)
            continue
        missing = [name for name in work.form.required if name not in work.values]
        if missing:
            fields = ", ".join(label_of(name) for name in missing)
            cause = f"{work.form.name}: {fields} missing"
            work.outcome = Hold(
                REQUIRED_MISSING, cause, detail={"missing": missing, "notes": _about(work, missing)}
            )
        elif "email" not in work.values and "phone" not in work.values:
            work.outcome = Hold(UNREACHABLE, f"{work.form.name}: neither e-mail nor phone")


def _about(work: Work, names: list[str]) -> list[str]:
    return [str(note["message"]) for note in work.notes if note["field"] in names]
