"""How many submissions a form takes per minute, counted in the shared cache."""

import logging
import time
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from intake.models import IntakeForm
from leadops.api.problems import Problem

log = logging.getLogger(__name__)

PER_MINUTE = 20_000
WINDOW = 60


def check(form: IntakeForm, ip: str | None) -> None:
    """Raise a 429 Problem when the form, or this address at the form, is above its limit. A dead cache lets everything in."""
    minute, passed = divmod(int(time.time()), WINDOW)
    limits = form.throttle or {}
    counters = {
        f"throttle:{form.pk}:{minute}": int(limits.get("per_form", PER_MINUTE)),
        f"throttle:{form.pk}:{ip}:{minute}": int(limits.get("per_ip", PER_MINUTE)),
    }
    for key, limit in counters.items():
        try:
            cache.add(key, 0, timeout=WINDOW * 2)
            count = cache.incr(key)
        except Exception as error:  # Whatever the cache's client raises: a lead is worth more than a limit.
            log.warning("Submissions are not counted: %s", error)
            return
        if count > limit:
            raise Problem(
                429,
                f"This form takes {limit} submissions per minute. Try again shortly.",
                headers={"Retry-After": str(WINDOW - passed)},
            )


def client_ip(request: HttpRequest) -> str | None:
    """The peer's address, unless the peer is a trusted proxy: then the last address that no proxy of ours added."""
    peer = str(request.META.get("REMOTE_ADDR") or "")
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    address = peer
    while chain and _trusted(address):
        address = chain.pop()
    return address if _valid(address) else None


def _trusted(address: str) -> bool:
    if not _valid(address):
        return False
    return any(
        ip_address(address) in ip_network(proxy, strict=False) for proxy in settings.LEADOPS_TRUSTED_PROXIES
    )


def _valid(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
