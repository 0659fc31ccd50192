"""System checks of intake: the pipeline can run."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from intake.pipeline import TRANSACTION, declared
from plumbing import dotted

# What a stage needs to have run before it, by the last part of its name.
NEEDS = {
    "validate": ["normalize"],
    "screen_spam": ["normalize"],
    "enrich": ["normalize"],
    "deduplicate": ["normalize"],
    "score": ["deduplicate"],
    "route": ["deduplicate"],
    "start_sla": ["route"],
    "notify_owner": ["route"],
    "queue_push": ["deduplicate"],
}


@register
def check_pipeline(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """The pipeline is a list of stages that exist, with the transaction mark once and every stage after what it needs."""
    try:
        lines = declared()
    except (ImportError, AttributeError) as error:
        return [Error(f"settings.LEADOPS_PIPELINE cannot be read: {error}", id="intake.E001")]
    found: list[CheckMessage] = []
    if lines.count(TRANSACTION) != 1:
        found.append(Error("The pipeline has the mark TRANSACTION exactly once.", id="intake.E002"))
    seen: list[str] = []
    for line in lines:
        if line == TRANSACTION:
            if "deduplicate" in seen:
                found.append(
                    Error("deduplicate stands below TRANSACTION: it writes leads.", id="intake.E003")
                )
            seen.append(TRANSACTION)
            continue
        try:
            dotted.resolve(line)
        except dotted.DottedPathError as error:
            found.append(Error(f"The pipeline names a stage that is not there: {error}", id="intake.E004"))
        name = line.rsplit(".", 1)[-1]
        for needed in NEEDS.get(name, []):
            if needed not in seen:
                found.append(Error(f"In the pipeline, {name} stands after {needed}.", id="intake.E005"))
        if name in seen:
            found.append(Error(f"The pipeline names {name} twice.", id="intake.E006"))
        seen.append(name)
    if "route" not in seen:
        found.append(
            Error("The pipeline has no stage named route: a lead would have no owner.", id="intake.E007")
        )
    return found
