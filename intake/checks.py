"""System checks of intake: the pipeline can run."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from intake.pipeline import TRANSACTION, StageNeeds, declared, needs_of
from plumbing import dotted


@register
def check_pipeline(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E001 no list, E002 not one mark, E003 a stage that goes on the wire stands in the transaction, E004 no such stage,
    E005 a stage stands above what it needs, E006 one twice.
    """
    try:
        lines = declared()
    except (ImportError, AttributeError, TypeError) as error:
        return [Error(f"settings.LEADOPS_PIPELINE cannot be read: {error}", id="intake.E001")]
    found: list[CheckMessage] = []
    if lines.count(TRANSACTION) != 1:
        found.append(Error("The pipeline has the mark TRANSACTION exactly once.", id="intake.E002"))
    above: list[str] = []
    for line in lines:
        name = line.rpartition(".")[2]
        try:
            needs = StageNeeds() if line == TRANSACTION else needs_of(dotted.resolve(line))
        except dotted.DottedPathError as error:
            found.append(Error(f"The pipeline names a stage that is not there: {error}", id="intake.E004"))
            needs = StageNeeds()
        if needs.wire and TRANSACTION in above:
            found.append(
                Error(
                    f"{name} asks others over the wire, so it stands above TRANSACTION.",
                    hint="A transaction that waits for somebody else keeps everybody's rows locked.",
                    id="intake.E003",
                )
            )
        found += [
            Error(
                f"{name} stands above {needed} in the pipeline, which it needs.",
                hint=f"Move it below {needed}, in the list that LEADOPS_PIPELINE names.",
                id="intake.E005",
            )
            for needed in needs.above
            if needed not in above
        ]
        if name in above and line != TRANSACTION:
            found.append(Error(f"The pipeline names {name} twice.", id="intake.E006"))
        above.append(name)
    return found
