"""Which machines an address that a person has typed may lead to: those of the public internet, and what the operator allows.

`settings.LEADOPS_PRIVATE_ADDRESSES` holds hosts (`crm.internal`, `127.0.0.1:8899`) and networks (`10.1.0.0/16`). A host is
somebody's deliberate choice: its answers may be shown. A network may hold anything: calls go through, and the words of an
error stay unsaid.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Standing = Literal["public", "host", "network"]
"""Why an address may be reached."""

# Not said to be private by all versions of Python: answered by the machine's own cloud, and kept for protocols.
_ALSO = [
    ipaddress.ip_network(each)
    for each in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48")
]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(Exception):
    """One sentence: this address is not to be reached from here."""


def permitted(host: str, port: int) -> list[tuple[str, Standing]]:
    """Where a connection to this host may go, as numbers, in the order in which to try them.

    All that the name stands for must be permitted: a name that also leads inside is somebody's trick. Raises
    PrivateAddress, and OSError where the name is not known.
    """
    name = host.strip("[]").rstrip(".").lower()
    listed = _listed_hosts()
    found = [
        str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    ]
    numbers = list(dict.fromkeys(found))
    if (name, port) in listed or (name, None) in listed:
        return [(number, "host") for number in numbers]
    return [(number, _standing(number, port, name=name, listed=listed)) for number in numbers]


def _standing(number: str, port: int, *, name: str, listed: Iterable[tuple[str, int | None]]) -> Standing:
    address = ipaddress.ip_address(number)
    if (number, port) in listed or (number, None) in listed:
        return "host"
    if not is_private(address):
        return "public"
    inner = _inner(address)
    if any(
        inner.version == network.version and inner in network
        for network in networks_of(settings.LEADOPS_PRIVATE_ADDRESSES)
    ):
        return "network"
    which = f"{name} is {number}, which" if name != number else number
    raise PrivateAddress(
        f"{which} is not an address of the public internet: whoever runs leadops has to allow it with "
        "LEADOPS_PRIVATE_ADDRESSES."
    )


def is_private(address: Address) -> bool:
    """Whether a number leads to this machine, its network, its cloud's metadata, to many or to nobody."""
    inner = _inner(address)
    return (
        not inner.is_global
        or inner.is_multicast
        or inner.is_reserved
        or any(inner.version == network.version and inner in network for network in _ALSO)
    )


def _inner(address: Address) -> Address:
    """The IPv4 address inside one of IPv6 that carries it."""
    if isinstance(address, ipaddress.IPv6Address):
        for inside in (address.ipv4_mapped, address.sixtofour, (address.teredo or (None, None))[1]):
            if inside is not None:
                return inside
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def refuse(address: str) -> None:
    """Raises PrivateAddress where a typed address says itself that it leads inside. What a name stands for is looked at when
    it is called: asking for it takes a name server, and would be true only for that moment."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        port = parts.port or (443 if parts.scheme.endswith("s") else 80)
        number = str(ipaddress.ip_address(host))
    except ValueError:
        if host != "localhost" and not host.endswith(".localhost"):
            return
        port, number = 0, "127.0.0.1"
    listed = _listed_hosts()
    if (host, port) not in listed and (host, None) not in listed:
        _standing(number, port, name=host, listed=listed)


def is_listed(address: str) -> bool:
    """Whether the operator has named the host of an address, or the network of its number."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").lower()
    listed = _listed_hosts()
    if (host, parts.port or (443 if parts.scheme.endswith("s") else 80)) in listed or (host, None) in listed:
        return True
    try:
        number = _inner(ipaddress.ip_address(host))
    except ValueError:
        return False
    networks = networks_of(settings.LEADOPS_PRIVATE_ADDRESSES)
    return any(number.version == network.version and number in network for network in networks)


def hosts_of(entries: Iterable[str]) -> set[tuple[str, int | None]]:
    """The hosts among the entries, each with the only port that it allows, or None for all. Raises ValueError."""
    found: set[tuple[str, int | None]] = set()
    for entry in entries:
        if "/" not in entry:
            bare = f"[{entry}]" if entry.count(":") > 1 and "[" not in entry else entry
            parts = urlsplit(f"//{bare}")
            if not parts.hostname:
                raise ValueError(f"“{entry}” is no host")
            found.add((parts.hostname.rstrip("."), parts.port))
    return found


def networks_of(entries: Iterable[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The networks among the entries. Raises ValueError."""
    return [ipaddress.ip_network(entry, strict=False) for entry in entries if "/" in entry]


def _listed_hosts() -> set[tuple[str, int | None]]:
    return hosts_of(settings.LEADOPS_PRIVATE_ADDRESSES)
