"""Routing's stages, in the order of the default pipeline."""

from routing.stages.clocks import start_sla
from routing.stages.notices import notify_owner
from routing.stages.routes import route
from routing.stages.scores import score

__all__ = ["notify_owner", "route", "score", "start_sla"]
