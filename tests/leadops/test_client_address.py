"""One function says whose request it is."""

import pytest
from django.test import RequestFactory, override_settings

from leadops.client_address import client_address, network_of


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ([], "203.0.113.9", "198.51.100.7", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.2", "6.6.6.6, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        (["10.0.0.0/8"], "::ffff:10.0.0.2", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.2"], "10.0.0.2", "198.51.100.7:4711", "198.51.100.7"),
        (["10.0.0.2"], "10.0.0.2", "[2001:db8::1]:4711", "2001:db8::1"),
        (["10.0.0.2"], "10.0.0.2", "fe80::1%eth0", "fe80::1"),
        (["10.0.0.2"], "10.0.0.2", "unknown", None),
        (["10.0.0.2"], "10.0.0.2", "10.0.0.2", "10.0.0.2"),
        (["::1"], "::1", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.2"], "", "198.51.100.7", None),
    ],
)
def test_it_believes_forwarded_addresses_of_trusted_proxies_only(proxies, peer, forwarded, address):
    request = RequestFactory(headers={"x-forwarded-for": forwarded}).get("/", REMOTE_ADDR=peer)
    with override_settings(LEADOPS_TRUSTED_PROXIES=proxies):
        assert client_address(request) == address


def test_a_proxy_that_nobody_has_named_is_said_once(caplog):
    for _ in range(3):
        client_address(
            RequestFactory(headers={"x-forwarded-for": "1.2.3.4"}).get("/", REMOTE_ADDR="10.9.8.7")
        )
    said = [record.getMessage() for record in caplog.records if "10.9.8.7" in record.getMessage()]
    assert len(said) == 1
    assert "LEADOPS_TRUSTED_PROXIES" in said[0]


def test_one_client_has_a_whole_network_of_ipv6():
    assert network_of("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert network_of("198.51.100.7") == "198.51.100.7"
