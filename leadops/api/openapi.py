"""The OpenAPI document's addresses that are plain Django views: taking submissions, health, metrics.

DRF knows nothing of them, so they are written down here; tests hold them to what the views really answer.
"""

from http import HTTPStatus
from typing import Any

from crm_sync.inbound import webhook_events
from intake import bodies
from intake.canonical import CANONICAL_FIELDS
from leadops.api.problems import CONTENT_TYPE

Document = dict[str, Any]

SECURITY_SCHEMES: Document = {
    "formToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The form's own token, for servers that post to it or ask what became of their submissions.",
    },
    "vendorSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "The signature of the form's vendor over the raw body, in the vendor's own header "
        "(`Typeform-Signature`, `x-webflow-signature`, `Tally-Signature`, ...).",
    },
    **webhook_events.security_schemes(),
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_REFUSALS = {
    400: "The body is not what its media type says.",
    401: "The signature or token is missing or wrong. Nothing is stored.",
    403: "The `Origin` is not among the form's allowed origins.",
    404: "There is no such form.",
    405: "Submissions are posted.",
    409: "The form is switched off.",
    413: f"The body is larger than {bodies.MAX_BYTES // 1024} KiB.",
    415: "Another media type, or a file among the multipart's parts.",
    422: "The values fail the form's contract, or the Idempotency-Key was used for another body.",
    429: "The form, or this address at the form, is above its limit.",
}


def add_plain_views(result: Document, generator: Any, request: Any, public: bool) -> Document:
    """A postprocessing hook of drf-spectacular."""
    result["paths"] = {"/api/v1/forms/{form_key}/submissions": _submitting(), **result["paths"]}
    result["paths"]["/healthz"] = {
        "get": _get("healthz", "See that the process answers", {"200": _text("It does.")})
    }
    result["paths"]["/readyz"] = {"get": _get("readyz", "See that what it needs is there", _READY)}
    result["paths"]["/metrics"] = {
        "get": _get("prometheus", "Read metrics for Prometheus", {"200": _text("Metrics.")})
    }
    result["components"]["schemas"].update(_SCHEMAS)
    result["components"]["securitySchemes"].update(SECURITY_SCHEMES)
    return result


def _submitting() -> Document:
    return {
        "post": {
            "operationId": "submit",
            "tags": ["submissions"],
            "summary": "Submit a form",
            "description": "Answered once the submission is committed. Any shape: the form's vendor and field map say what is "
            "what; canonical names are taken as they are, everything else is kept under `extra`. A form can ask for status 200 "
            "or a redirect to its thank-you page. An `Origin` that the form allows is answered with CORS headers.",
            "security": [{}, {"formToken": []}, {"vendorSignature": []}],
            "parameters": [_FORM_KEY, _IDEMPOTENCY_KEY],
            "requestBody": {
                "required": True,
                "content": {
                    bodies.JSON: {"schema": {"$ref": "#/components/schemas/SubmittedValues"}},
                    bodies.FORM: {"schema": {"$ref": "#/components/schemas/SubmittedText"}},
                    bodies.MULTIPART: {"schema": {"$ref": "#/components/schemas/SubmittedText"}},
                },
            },
            "responses": {
                "202": _accepted("Taken."),
                "200": _accepted("Taken, for vendors that know no other success."),
                "303": {
                    "description": "Taken; the browser is sent to the form's thank-you page.",
                    "headers": {
                        "Location": {"schema": {"type": "string", "format": "uri"}},
                        "Idempotent-Replayed": _REPLAYED,
                    },
                },
                **{str(status): _problem(status, said) for status, said in _REFUSALS.items()},
            },
        },
        "options": {
            "operationId": "submit_preflight",
            "tags": ["submissions"],
            "summary": "What browsers ask before they post from another origin",
            "security": [{}],
            "parameters": [_FORM_KEY],
            "responses": {
                "204": {
                    "description": "The origin may post.",
                    "headers": {
                        name: {"schema": {"type": "string"}}
                        for name in (
                            "Access-Control-Allow-Origin",
                            "Access-Control-Allow-Methods",
                            "Access-Control-Allow-Headers",
                            "Access-Control-Max-Age",
                        )
                    },
                },
                "403": _problem(403, _REFUSALS[403]),
                "404": _problem(404, _REFUSALS[404]),
            },
        },
    }


_FORM_KEY: Document = {
    "name": "form_key",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The form's key, as configured.",
}
_IDEMPOTENCY_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key and body again give the same answer and no second submission. Kept 7 days, per form.",
}
_REPLAYED: Document = {
    "schema": {"type": "string", "enum": ["true"]},
    "description": "Present when this is the answer to an earlier, equal submission.",
}
_VALUE: Document = {"type": ["string", "number", "boolean", "object", "array", "null"]}
_SCHEMAS: Document = {
    "SubmittedValues": {
        "type": ["object", "array"],
        "description": "Values by name, or whatever the form's vendor sends.",
        "properties": {
            name: {**_VALUE, "description": spec.label} for name, spec in CANONICAL_FIELDS.items()
        },
        "additionalProperties": True,
    },
    "SubmittedText": {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": spec.label} for name, spec in CANONICAL_FIELDS.items()
        },
        "additionalProperties": {"type": "string"},
    },
    "Accepted": {
        "type": "object",
        "required": ["submission_id", "status", "status_url"],
        "properties": {
            "submission_id": {"type": "string", "format": "uuid"},
            "status": {"type": "string", "enum": ["received"]},
            "status_url": {"type": "string", "description": "Where to ask how far it has got."},
        },
    },
    "Readiness": {
        "type": "object",
        "required": ["ready", "database", "broker", "beat"],
        "properties": {
            "ready": {"type": "boolean"},
            "database": {"type": "string"},
            "broker": {"type": "string"},
            "beat": {"type": "string"},
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


def _accepted(description: str) -> Document:
    return {**_json("Accepted", description), "headers": {"Idempotent-Replayed": _REPLAYED}}


def _problem(status: int, said: str) -> Document:
    found: Document = {
        "description": f"{HTTPStatus(status).phrase}: {said}",
        "content": {CONTENT_TYPE: {"schema": _PROBLEM}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        found["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        found["headers"] = {"Allow": {"schema": {"type": "string"}}}
    return found


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
