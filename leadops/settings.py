"""Django settings. Reading them has no side effects: no folder is made, no connection opened.

Every variable of the environment is read here and nowhere else, but for what the launcher hands to the processes that it
starts, and the proxies of outgoing calls, which `requests` reads itself. What the environment leaves out comes from the data
folder of a running `manage.py up` (addresses of the embedded services, generated secrets).
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ

from leadops.console import navigation
from leadops.launcher import runfile
from leadops.logs import logging_config
from leadops.sweeps import SWEEPS

BASE_DIR = Path(__file__).resolve().parent.parent

LEADOPS_DATA_DIR = Path(os.environ.get("LEADOPS_DATA_DIR", BASE_DIR / "var")).resolve()

# The environment wins; the data folder fills in what it does not say.
env = environ.Env()
env.ENVIRON = {**runfile.read(LEADOPS_DATA_DIR), **os.environ}

# --- who we are on the network -------------------------------------------------------------------------------------

LEADOPS_PORT: int = env.int("LEADOPS_PORT", default=8000)
LEADOPS_BIND: str = env.str("LEADOPS_BIND", default="127.0.0.1")
LEADOPS_SANDBOX_PORT: int = env.int("LEADOPS_SANDBOX_PORT", default=8899)
LEADOPS_PUBLIC_URL: str = env.str("LEADOPS_PUBLIC_URL", default=f"http://127.0.0.1:{LEADOPS_PORT}").rstrip(
    "/"
)
# Certificates by which outgoing calls know their servers; "" for those that come with `requests`.
CA_BUNDLE: str = env.str("REQUESTS_CA_BUNDLE", default="") or env.str("CURL_CA_BUNDLE", default="")
LEADOPS_DEMO: bool = env.bool("LEADOPS_DEMO", default=False)
# Addresses or networks of reverse proxies whose X-Forwarded-For is believed.
LEADOPS_TRUSTED_PROXIES: list[str] = env.list("LEADOPS_TRUSTED_PROXIES", default=[])

_public_host = LEADOPS_PUBLIC_URL.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0]
ALLOWED_HOSTS = sorted({_public_host, "127.0.0.1", "localhost", "[::1]"})
CSRF_TRUSTED_ORIGINS = [LEADOPS_PUBLIC_URL]
_https = LEADOPS_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https and LEADOPS_TRUSTED_PROXIES else None

# --- secrets -------------------------------------------------------------------------------------------------------

DEBUG: bool = env.bool("LEADOPS_DEBUG", default=False)
# Without a key Django refuses to sign; `manage.py up` generates one into the data folder.
SECRET_KEY: str = env.str("SECRET_KEY", default="")
LEADOPS_ENCRYPTION_KEYS: list[str] = env.list("LEADOPS_ENCRYPTION_KEYS", default=[])
# Of the first admin and the first staff token, for `manage.py prepare`.
LEADOPS_ADMIN_PASSWORD: str = env.str("LEADOPS_ADMIN_PASSWORD", default="")
LEADOPS_API_TOKEN: str = env.str("LEADOPS_API_TOKEN", default="")
# Secrets that the configuration names by variable (`token_env`, `secret_env`) are looked up here.
LEADOPS_ENVIRONMENT: dict[str, str] = dict(env.ENVIRON)

# --- parts ---------------------------------------------------------------------------------------------------------

# Widgets of the console have their templates beside the others.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS = [
    "django.forms",
    "leadops.apps.LeadopsConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "simple_history",
    "import_export",
    "django_filters",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_prometheus",
    "axes",
    "exception_queue.apps.ExceptionQueueConfig",
    "intake.apps.IntakeConfig",
    "routing.apps.RoutingConfig",
    "crm_sync.apps.CrmSyncConfig",
]

MIDDLEWARE = [
    # Submissions leave here, for a short list of their own.
    "leadops.submission_path.SubmissionPath",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "leadops.urls"
WSGI_APPLICATION = "leadops.wsgi.application"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"moments": "plumbing.admin_kit.template_tags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- state: one PostgreSQL, one shared cache, one broker -------------------------------------------------------------

_database: dict[str, Any] = (
    env.db_url("DATABASE_URL")
    if "DATABASE_URL" in env.ENVIRON
    else {"NAME": "leadops", "USER": "leadops", "PASSWORD": "", "HOST": "127.0.0.1", "PORT": "5432"}
)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_database,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # A planner that believes one JIT compilation pays for a 3 ms query is wrong here.
        "OPTIONS": {"options": "-c jit=off", "connect_timeout": 5, **_database.get("OPTIONS", {})},
    }
}

CACHE_URL: str = env.str("CACHE_URL", default="redis://127.0.0.1:6379/1")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5},
    }
}

CELERY_BROKER_URL: str = env.str("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
_amqp = CELERY_BROKER_URL.startswith(("amqp", "pyamqp"))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum" if _amqp else "classic"
# The queues of the routes below are made when they are first used.
CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = CELERY_TASK_DEFAULT_QUEUE_TYPE
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic" if _amqp else "direct"
CELERY_WORKER_DETECT_QUORUM_QUEUES = _amqp
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"confirm_publish": True, "max_retries": 0}
    if _amqp
    else {
        "visibility_timeout": 60,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 0.5,
        "max_retries": 0,
    }
)
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True
# Every task goes to the queue of its layer; several queues let an operator give a layer workers of its own.
CELERY_TASK_ROUTES = {
    "intake.*": {"queue": "intake"},
    "routing.*": {"queue": "routing"},
    "crm_sync.*": {"queue": "crm"},
    "exception_queue.*": {"queue": "default"},
    "leadops.*": {"queue": "default"},
}
LEADOPS_CELERY_QUEUES = ["intake", "routing", "crm", "default"]
CELERY_BEAT_SCHEDULE = SWEEPS

# --- what leadops is made of: dotted paths in lists (rule 1) ---------------------------------------------------------

LEADOPS_PIPELINE = "leadops.pipeline.LEAD_PIPELINE"
LEADOPS_WAKE_UPS = "leadops.pipeline.WAKE_UPS"
LEADOPS_EXCEPTION_KINDS = [
    "intake.exception_kinds",
    "routing.exception_kinds",
    "crm_sync.exception_kinds",
    "exception_queue.exception_kinds",
]
LEADOPS_EXCEPTION_PAGES = "leadops.console.exception_pages.pages_of"
LEADOPS_DOCTOR_CHECKS = [
    "intake.doctor.check_variables",
    "exception_queue.doctor.check_alerts",
    "routing.doctor.check_leavers",
    "crm_sync.doctor.check_connections",
    "leadops.configuration.doctor.check_idle_settings",
]
# Seconds that a notice waits for the primary CRM to show the right owner (0 without a CRM).
LEADOPS_NOTICE_GRACE: int = env.int("LEADOPS_NOTICE_GRACE", default=10)
# What a notice says that went out after the grace: routing does not know what it waited for.
LEADOPS_RECORD_BEHIND = "The CRM does not show this lead yet; it is being written there."
# Seconds that enrichment may take for a whole batch, whatever the number of domains.
LEADOPS_ENRICH_BUDGET: float = env.float("LEADOPS_ENRICH_BUDGET", default=1.0)
LEADOPS_ENRICHERS = ["intake.stages.enrichment.local_company_table"]
LEADOPS_BATCH_SIZE: int = env.int("LEADOPS_BATCH_SIZE", default=100)

# --- mail ------------------------------------------------------------------------------------------------------------

EMAIL_URL: str = env.str("EMAIL_URL", default="")
if EMAIL_URL.startswith("file://"):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = EMAIL_URL.removeprefix("file://")
elif EMAIL_URL:
    globals().update(env.email_url("EMAIL_URL"))
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default=f"leadops@{_public_host}")
EMAIL_TIMEOUT = 10

# --- HTTP API --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
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

# --- what people see -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "leadops" / "console" / "static",
    BASE_DIR / "plumbing" / "admin_kit" / "static",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = navigation.UNFOLD
IMPORT_EXPORT_USE_TRANSACTIONS = True
# A name such as =HYPERLINK(...) is text in whatever program opens the file.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
SIMPLE_HISTORY_REVERT_DISABLED = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Unfold's Alpine evaluates expressions in attributes.
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
    }
}
X_FRAME_OPTIONS = "SAMEORIGIN"

LOGGING = logging_config(level=env.str("LEADOPS_LOG_LEVEL", default="INFO"))
PROMETHEUS_EXPORT_MIGRATIONS = False
# Where the processes of this machine write their counters; "" where there is only one.
PROMETHEUS_MULTIPROC_DIR: str = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
