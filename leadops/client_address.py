"""Whose request it is: the one place that says so, for limits, lockouts, submissions and logs."""

import logging
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

log = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address


def client_address(request: HttpRequest) -> str | None:
    """The peer's address, unless the peer is a trusted proxy: then the last address that no proxy of ours added.

    None where the server names no peer, or a proxy of ours passes on what is no address.
    """
    address = _address(str(request.META.get("REMOTE_ADDR") or ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if forwarded and address is not None and not _trusted(address, _proxies()):
        _say_once(str(address))
    chain = [part for part in forwarded.split(",") if part.strip()]
    while chain and address is not None and _trusted(address, _proxies()):
        address = _address(chain.pop())
    return None if address is None else str(address)


def network_of(address: str) -> str:
    """What one client can choose its addresses from: the address itself, or the /64 of IPv6."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def _proxies() -> tuple[str, ...]:
    return tuple(settings.LEADOPS_TRUSTED_PROXIES)


@lru_cache(maxsize=1024)
def _trusted(address: Address, proxies: tuple[str, ...]) -> bool:
    return any(address in ip_network(proxy, strict=False) for proxy in proxies)


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """Also with a port behind it, or in brackets, or an IPv4 address that a socket of IPv6 shows."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=16)
def _say_once(peer: str) -> None:
    log.warning(
        "%s sends X-Forwarded-For and is not believed. If it is a proxy of yours, put it into LEADOPS_TRUSTED_PROXIES: "
        "everybody behind it counts as one client until then.",
        peer,
    )
