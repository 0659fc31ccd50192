"""django-prometheus' counts of requests, with labels that strangers cannot multiply."""

from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _bounded(labels: dict[str, Any]) -> dict[str, Any]:
    if labels.get("view", "").startswith("admin:"):
        # A page of each kind for each model, by twenty numbers each, told nobody anything.
        labels["view"] = "admin"
    if "method" in labels and labels["method"] not in _METHODS:
        labels["method"] = "other"
    return labels


class AfterMiddleware(PrometheusAfterMiddleware):  # type: ignore[misc]
    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: Any) -> Any:
        return super().label_metric(metric, request, response, **_bounded(labels))
