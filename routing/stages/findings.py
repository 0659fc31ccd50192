"""What routing's stages tell each other about one work; kept in `work.findings["routing"]`."""

from dataclasses import dataclass, field
from typing import Any

from intake.batch import Work
from routing.engine.decide import Decision
from routing.engine.returning import Returning
from routing.engine.scoring import Score
from routing.engine.settle import Settlement
from routing.models import NamedAccount, Owner, Queue


@dataclass
class Routed:
    """Filled stage by stage."""

    account: NamedAccount | None = None
    returning: Returning | None = None
    score: Score | None = None
    decision: Decision | None = None
    settlement: Settlement | None = None
    owner: Owner | None = None
    queue: Queue | None = None
    # Somebody else (or nobody) had it before this touch.
    moved: bool = False
    trace: list[dict[str, Any]] = field(default_factory=list)


def routed(work: Work) -> Routed:
    found: Routed = work.findings.setdefault("routing", Routed())
    return found
