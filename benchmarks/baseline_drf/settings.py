"""As bare as DRF runs: no authentication, no sessions; the database as leadops uses it."""

from leadops.settings import DATABASES as DATABASES
from leadops.settings import SECRET_KEY as SECRET_KEY

INSTALLED_APPS = ["rest_framework", "benchmarks.baseline_drf"]
ROOT_URLCONF = "benchmarks.baseline_drf.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
# It sets Content-Length, without which a connection cannot be kept.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
