"""Whom the blocklist blocks, and nobody else."""

import pytest

from intake.blocklist import Blocklist, network_of, written
from intake.models import BlockedSender

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("row", "ip", "blocked"),
    [
        ("192.0.2.0/24", "192.0.2.200", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.77/24", "192.0.2.1", True),
        ("2001:db8:12::/48", "2001:db8:12:34::1", True),
        ("2001:db8:12::/48", "2001:db8:13::1", False),
        ("2001:DB8::7", "2001:db8:0:0::7", True),
        ("192.0.2.0/24", "::ffff:192.0.2.9", True),
        ("::ffff:192.0.2.0/120", "192.0.2.9", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("not a network", "192.0.2.1", False),
    ],
)
def test_a_network_blocks_the_addresses_in_it(row, ip, blocked):
    BlockedSender.objects.create(kind="ip", value=row)
    assert Blocklist(emails=[]).blocks(email="", ip=ip) == (row if blocked else None)


def test_the_narrowest_network_is_named():
    for value in ("192.0.0.0/16", "192.0.2.0/24"):
        BlockedSender.objects.create(kind="ip", value=value)
    assert Blocklist(emails=[]).blocks(email="", ip="192.0.2.1") == "192.0.2.0/24"


@pytest.mark.parametrize("email", ["eve@spam.example", "ann@globex.example"])
def test_an_address_or_its_domain_is_blocked(email, django_assert_num_queries):
    BlockedSender.objects.create(kind="domain", value="spam.example")
    BlockedSender.objects.create(kind="email", value="ann@globex.example")
    with django_assert_num_queries(1):
        blocklist = Blocklist(emails=[email, "bob@globex.example"])
        assert blocklist.blocks(email=email, ip="192.0.2.1") in ("spam.example", "ann@globex.example")
        assert blocklist.blocks(email="bob@globex.example", ip=None) is None


def test_a_network_is_written_in_one_way():
    assert [written(network_of(text)) for text in ("192.0.2.77/24", "192.0.2.7/32", "2001:DB8:0::/32")] == [
        "192.0.2.0/24",
        "192.0.2.7",
        "2001:db8::/32",
    ]
