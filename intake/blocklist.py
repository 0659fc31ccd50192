"""Senders whose submissions are spam: by e-mail address, domain, or network."""

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from django.db.models import Q

from intake.models import BlockedSender, Submission
from intake.values.mailboxes import domain_of, is_disposable, is_free_mail

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Kind = BlockedSender.Kind

# Addresses inside somebody's own network: behind a proxy that does not say whom it speaks for, they are everybody's.
_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


class Blocklist:
    """The rows that could block these senders; one query."""

    def __init__(self, *, emails: Collection[str]) -> None:
        domains = {domain_of(email) for email in emails}
        rows = BlockedSender.objects.filter(
            Q(kind=Kind.EMAIL, value__in=emails) | Q(kind=Kind.DOMAIN, value__in=domains) | Q(kind=Kind.IP)
        ).values_list("kind", "value")
        listed = set(rows)
        self._senders = {(kind, value) for kind, value in listed if kind != Kind.IP}
        self._networks = {
            network: value
            for kind, value in listed
            if kind == Kind.IP and (network := network_of(value)) is not None
        }
        # Few lengths, whatever the number of networks: an address is looked up once for each.
        self._lengths = {(network.version, network.prefixlen) for network in self._networks}

    def blocks(self, *, email: str, ip: str | None) -> str | None:
        """What blocks this sender, as the row says it; None for everybody else."""
        for kind, value in ((Kind.EMAIL, email), (Kind.DOMAIN, domain_of(email))):
            if value and (kind, value) in self._senders:
                return value
        return self._network_around(ip) if ip and self._lengths else None

    def _network_around(self, ip: str) -> str | None:
        single = network_of(ip)
        if single is None:
            return None
        for version, length in sorted(self._lengths, key=lambda one: -one[1]):
            if version == single.version:
                found = self._networks.get(single.supernet(new_prefix=length))
                if found is not None:
                    return found
        return None


@lru_cache(maxsize=4096)
def network_of(text: str) -> Network | None:
    """An address is a network of one; host bits are cleared; None for what is neither.

    An IPv4 address that is written as IPv6 (::ffff:192.0.2.7) is the IPv4 address.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network((mapped, network.prefixlen - 96))
    return network


def written(network: Network) -> str:
    """As a row holds it: an address without a length, a network with it."""
    return str(network.network_address if network.num_addresses == 1 else network)


def blockable(submission: Submission) -> Mapping[str, str]:
    """What of this sender can be blocked without blocking strangers: kind -> value.

    Not the domain of a public mail service (one that gives out throw-away addresses is fine), and no address from
    inside a network.
    """
    email = str(submission.values.get("email") or "")
    found = {Kind.EMAIL.value: email} if email else {}
    if (domain := domain_of(email)) and (is_disposable(domain) or not is_free_mail(domain)):
        found[Kind.DOMAIN.value] = domain
    network = network_of(submission.ip) if submission.ip else None
    if network is not None and not any(
        network.version == inside.version and network.subnet_of(inside)  # type: ignore[arg-type]
        for inside in _INSIDE
    ):
        found[Kind.IP.value] = written(network)
    return found


def block(submissions: Sequence[Submission], *, kinds: Iterable[str], reason: str) -> list[BlockedSender]:
    """Block the senders of these submissions, as far as they can be; returns what is new."""
    wanted = {
        (kind, value)
        for submission in submissions
        for kind, value in blockable(submission).items()
        if kind in set(kinds)
    }
    found = (
        BlockedSender.objects.get_or_create(kind=kind, value=value, defaults={"reason": reason[:200]})
        for kind, value in sorted(wanted)
    )
    return [row for row, is_new in found if is_new]
