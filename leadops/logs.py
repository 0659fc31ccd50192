"""Logging for every process: one line per event on stderr, so that stdout stays free for answers of commands."""

import logging
from typing import Any

import structlog

from plumbing.readable import readable_line


def _one_line(logger: Any, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What came from outside can neither end the line, nor move a terminal's cursor."""
    event["event"] = readable_line(str(event["event"]))
    return event


_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


_NEVER = logging.CRITICAL + 1


def logging_config(*, level: str) -> dict[str, Any]:
    """The LOGGING dict of Django: everything goes through structlog's formatter to stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _one_line,
                    # Plain: the pretty one prints local variables, and these hold secrets.
                    structlog.dev.ConsoleRenderer(
                        colors=False, exception_formatter=structlog.dev.plain_traceback
                    ),
                ],
            },
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "lines"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # One line per sweep and second says nothing.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # No message of ours is delayed (rule 3), so nobody misses what a worker for some of the queues cannot bind.
            "celery.worker.consumer.delayed_delivery": {"level": _NEVER},
            "django_celery_beat.schedulers": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            # It writes down whole addresses, which are secrets; what it says of a message that failed, plumbing.notify tells.
            "apprise": {"handlers": ["nowhere"], "level": "WARNING", "propagate": False},
        },
    }
