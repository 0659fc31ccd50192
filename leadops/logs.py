"""Logging for every process: one line per event on stderr, so that stdout stays free for answers of commands.

Events have facts (`logging`'s `extra`, the names in FACTS): a submission is found by its id in the lines of web and worker, and
its lead in those of worker and CRM. What people have typed is masked, whoever logs it.
"""

import logging
import re
from typing import Any

import structlog

from plumbing.readable import readable, readable_line

FACTS = (
    "submission",
    "lead",
    "form",
    "connection",
    "remote_id",
    "outcome",
    "host",
    "method",
    "path",
    "status",
    "ms",
)
_OURS = {"level", "timestamp", "logger"}
_NEVER = logging.CRITICAL + 1
# An address keeps its domain and a number its last two digits: enough to recognise, too little to use.
_EMAIL = re.compile(r"[^\s@<>\"'(),:;=/]+@([\w-]+(?:\.[\w-]+)+)")
_PHONE = re.compile(r"(?<![\w.:-])\+\d[\d ()/-]{6,}(\d\d)\b")
_CREDENTIAL = re.compile(r"\b(Bearer|Token|Basic) +[\w.~+/=-]{8,}")
_USER_OF_ADDRESS = re.compile(r"://[^/\s@]+@")

# What PostgreSQL adds to an error names the row's values: "Failing row contains (...)". The error itself stays.
_DETAIL = re.compile(
    r"\nDETAIL: .*?(?=\n+(?:During handling of|The above exception was|Traceback \(most recent)|\Z)",
    re.DOTALL,
)


def _without_values(text: str) -> str:
    return _DETAIL.sub("", text) if "DETAIL: " in text else text


def masked(text: str) -> str:
    """Without what a log may not keep: e-mail addresses, phone numbers, credentials."""
    if "@" in text:
        text = _EMAIL.sub(r"***@\1", _USER_OF_ADDRESS.sub("://***@", text))
    if "+" in text:
        text = _PHONE.sub(r"+***\1", text)
    return _CREDENTIAL.sub(r"\1 ***", text)


def _fit(logger: Any, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What came from outside can neither end the line, nor move a terminal's cursor, nor stay in the log."""
    for key, value in event.items():
        if key == "exception":
            event[key] = readable(masked(_without_values(value)))
        elif key not in _OURS and not isinstance(value, (int, float, type(None))):
            event[key] = readable_line(masked(_without_values(str(value))))
    return event


_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(allow=FACTS),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Plain tracebacks: the pretty ones print local variables, and these hold secrets.
_AS_LINES = structlog.dev.ConsoleRenderer(
    colors=False, exception_formatter=structlog.dev.plain_traceback, sort_keys=False, pad_event_to=0
)
_AS_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)


def logging_config(*, level: str, as_json: bool = False) -> dict[str, Any]:
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
                    structlog.processors.format_exc_info,
                    _fit,
                    _AS_JSON if as_json else _AS_LINES,
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
