"""What people see."""

from leadops.console import navigation
from leadops.settings.environment import BASE_DIR
from plumbing.admin_kit import file_formats

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
# In these a name such as =HYPERLINK(...) is text in whatever program opens the file. No YAML or HTML: nobody needs them, and
# a small file of either can stand for a very large one.
IMPORT_EXPORT_FORMATS = [file_formats.Csv, file_formats.Tsv, file_formats.Json]
SIMPLE_HISTORY_REVERT_DISABLED = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Scripts are files of ours. Pages of the console may evaluate besides (leadops/content_security.py).
        "script-src": ["'self'"],
        # Unfold's colours are an element of the page, and some widths attributes.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
X_FRAME_OPTIONS = "DENY"
