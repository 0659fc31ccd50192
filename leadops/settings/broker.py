"""The broker, and how Celery works with it."""

from typing import Any

from leadops.settings.environment import env
from leadops.sweeps import SWEEPS

CELERY_BROKER_URL: str = env.str("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
_amqp = CELERY_BROKER_URL.startswith(("amqp", "pyamqp"))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum" if _amqp else "classic"
# The queues of the routes below are made when they are first used.
CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = CELERY_TASK_DEFAULT_QUEUE_TYPE
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic" if _amqp else "direct"
CELERY_TASK_CREATE_MISSING_QUEUE_EXCHANGE_TYPE = CELERY_TASK_DEFAULT_EXCHANGE_TYPE
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
