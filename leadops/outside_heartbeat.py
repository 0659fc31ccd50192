"""Telling somebody outside that everything runs: a watch that expects a call each minute hears when none comes."""

import logging

from django.conf import settings

from leadops import health
from plumbing.http import Remote, RemoteError

log = logging.getLogger(__name__)

LONGEST_SECONDS = 300
"""A sweep whose oldest due row waits longer than this is no good news."""


def tell() -> bool:
    """Whether it was told; without LEADOPS_HEARTBEAT_URL, or while something waits too long, nobody is."""
    if not settings.LEADOPS_HEARTBEAT_URL:
        return False
    waiting = {name: age for name, age in health.oldest_due().items() if age > LONGEST_SECONDS}
    if waiting:
        name, age = max(waiting.items(), key=lambda each: each[1])
        log.warning("The heartbeat rests: something of “%s” has been due for %.0f s", name, age)
        return False
    try:
        Remote(settings.LEADOPS_HEARTBEAT_URL).request("GET", "")
    except (RemoteError, ValueError) as error:
        log.warning("The heartbeat was not heard: %s", error)
        return False
    return True
