"""System checks of routing: the pipeline gives leads an owner."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

ROUTE = "routing.stages.route"


@checks.register
def check_pipeline_routes(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """E001 the pipeline does not route at all. In which order its stages stand is intake's check."""
    try:
        lines = list(import_string(settings.LEADOPS_PIPELINE))
    except (ImportError, TypeError):
        return []  # intake says what is wrong with the list itself
    if ROUTE in lines:
        return []
    return [checks.Error(f"The pipeline has no “{ROUTE}”: leads would have no owner.", id="routing.E001")]
