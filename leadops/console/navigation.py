"""How the console looks and what its sidebar offers (django-unfold's settings)."""

from typing import Any

from django.urls import reverse_lazy

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "leadops",
    "SITE_HEADER": "leadops",
}
