"""The OpenAPI document's addresses that are plain Django views: health and metrics.

DRF knows nothing of them, so they are written down here; tests hold them to what the views really answer.
"""

from typing import Any

from crm_sync.inbound import webhook_events
from intake import bodies
from leadops.api.problems import CONTENT_TYPE

Document = dict[str, Any]

SECURITY_SCHEMES: Document = {
    **webhook_events.security_schemes(),
}


def add_plain_views(result: Document, generator: Any, request: Any, public: bool) -> Document:
    """A postprocessing hook of drf-spectacular."""
    result["paths"]["/healthz"] = {
        "get": _get("healthz", "See that the process answers", {"200": _text("It does.")})
    }
    result["paths"]["/readyz"] = {"get": _get("readyz", "See that what it needs is there", _READY)}
    result["paths"]["/metrics"] = {
        "get": _get("prometheus", "Read metrics for Prometheus", {"200": _text("Metrics."), "401": _PROBLEM})
    }
    result["components"]["schemas"].update(_SCHEMAS)
    result["components"]["securitySchemes"].update(SECURITY_SCHEMES)
    return result


_PROBLEM: Document = {
    "description": "Nobody who may look.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_SCHEMAS: Document = {
    "Readiness": {
        "type": "object",
        "required": ["ready"],
        "properties": {
            "ready": {
                "type": "boolean",
                "description": "The rest is for a token of the scope `admin`, and for requests from the same machine.",
            },
            "database": {"type": "string"},
            "schema": {"type": "string"},
            "broker": {"type": "string"},
            "beat": {"type": "string"},
            "disk": {"type": "string"},
            "oldest_due_seconds": {
                "type": "object",
                "description": "How long the oldest due row of each sweep has been waiting.",
                "additionalProperties": {"type": "number"},
            },
        },
    },
}


def _json(reference: str, description: str) -> Document:
    content = {bodies.JSON: {"schema": {"$ref": f"#/components/schemas/{reference}"}}}
    return {"description": description, "content": content}


def _get(name: str, summary: str, responses: Document) -> Document:
    return {
        "operationId": name,
        "tags": ["health"],
        "summary": summary,
        "security": [{}],
        "responses": responses,
    }


def _text(description: str) -> Document:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}


_READY: Document = {
    "200": _json("Readiness", "Everything is there."),
    "503": _json("Readiness", "Something is missing; the answer says what."),
}
