"""The HTTP API and its document."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "leadops.api.tokens.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_PARSER_CLASSES": ["leadops.api.json_bodies.JsonBodyParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "leadops.api.problems.problem_response",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "leadops",
    "DESCRIPTION": "Submit leads, read what happened to them, act on them.",
    "VERSION": "1",
    # The document follows the order of leadops/api/urls.py, and its page that of these.
    "SORT_OPERATIONS": False,
    "TAGS": [
        {"name": "submissions", "description": "Post leads, and ask what became of them."},
        {"name": "leads", "description": "Leads as they are now, and what people do with them."},
        {"name": "exceptions", "description": "What needs a person."},
        {"name": "simulate", "description": "Who would get a lead, without one."},
        {"name": "metrics", "description": "How well and how fast leads are handed off."},
        {"name": "webhooks", "description": "What CRMs send."},
        {"name": "health", "description": "For load balancers and monitoring."},
    ],
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "LeadStatus": "intake.models.leads.Lead.Status",
        "SubmissionState": "intake.models.submissions.Submission.Status",
        "ExceptionStatus": "exception_queue.models.items.ExceptionItem.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "leadops.api.openapi.add_plain_views",
    ],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
