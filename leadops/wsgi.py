"""The WSGI entry point for granian or any other server."""

import os

from django.core.wsgi import get_wsgi_application

# Nudges are published with the app that is current in the process that takes the request.
from leadops.celery import app as celery_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadops.settings")
celery_app.set_default()

application = get_wsgi_application()
