"""Outgoing mail."""

from leadops.settings.environment import env
from leadops.settings.network import PUBLIC_HOST

EMAIL_URL: str = env.str("EMAIL_URL", default="")
if EMAIL_URL.startswith("file://"):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = EMAIL_URL.removeprefix("file://")
elif EMAIL_URL:
    globals().update(env.email_url("EMAIL_URL"))
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default=f"leadops@{PUBLIC_HOST}")
EMAIL_TIMEOUT = 10
