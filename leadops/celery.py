"""The Celery app. State is rows; Celery only nudges (rule 3)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadops.settings")

app = Celery("leadops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["leadops", "crm_sync", "routing", "intake", "exception_queue"])
