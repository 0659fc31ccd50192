"""The parts that leadops is made of, and the path of a request through them."""

from datetime import timedelta

from leadops.settings.environment import BASE_DIR

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
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_prometheus",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "exception_queue.apps.ExceptionQueueConfig",
    "intake.apps.IntakeConfig",
    "routing.apps.RoutingConfig",
    "crm_sync.apps.CrmSyncConfig",
]

MIDDLEWARE = [
    # Submissions leave here, for a short list of their own.
    "leadops.submission_path.SubmissionPath",
    "leadops.odd_addresses.OddAddresses",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "leadops.content_security.ContentSecurity",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "leadops.request_metrics.AfterMiddleware",
]

CSRF_FAILURE_VIEW = "leadops.console.error_pages.csrf_failure"
ROOT_URLCONF = "leadops.urls"
WSGI_APPLICATION = "leadops.wsgi.application"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Seconds for which a link to choose a password works.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# The same address as everywhere, a second limit that is per address, and a page in the console's looks.
AXES_CLIENT_IP_CALLABLE = "leadops.client_address.client_address"
AXES_HANDLER = "leadops.access.lockout.LockoutHandler"
AXES_LOCKOUT_CALLABLE = "leadops.access.lockout.page"
# Whoever is locked out and tries again is not locked out for longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
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
