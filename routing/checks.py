"""System checks of routing: its stages stand in the pipeline in an order that makes sense."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

ROUTE = "routing.stages.route"
# Stage -> what it needs to stand somewhere above it.
_NEEDS = {
    "routing.stages.score": ("TRANSACTION", "intake.stages.deduplicate"),
    "routing.stages.route": ("TRANSACTION", "intake.stages.deduplicate"),
    "routing.stages.start_sla": (ROUTE,),
    "routing.stages.notify_owner": (ROUTE,),
}


@checks.register
def check_pipeline_order(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """E001 a stage of routing stands above what it needs, E002 the pipeline does not route at all."""
    try:
        lines = list(import_string(settings.LEADOPS_PIPELINE))
    except (ImportError, TypeError):
        return []  # intake says what is wrong with the list itself
    found: list[checks.CheckMessage] = [
        checks.Error(
            f"“{stage}” stands above “{needed}” in the pipeline, which it needs.",
            hint="Move it below, in the list that LEADOPS_PIPELINE names.",
            id="routing.E001",
        )
        for stage, needs in _NEEDS.items()
        for needed in needs
        if stage in lines and needed not in lines[: lines.index(stage)]
    ]
    if ROUTE not in lines:
        found.append(
            checks.Error(f"The pipeline has no “{ROUTE}”: leads would have no owner.", id="routing.E002")
        )
    return found
