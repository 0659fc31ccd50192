"""Where an address that a person has typed may lead."""

import ipaddress
import socket

import pytest

from plumbing import private_addresses
from plumbing.http import Permanent, Remote, Transient
from plumbing.private_addresses import PrivateAddress, is_private, permitted, refuse
from tests.plumbing.server import serve

INSIDE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "104.16.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.fixture(autouse=True)
def nothing_is_allowed(settings):
    settings.LEADOPS_PRIVATE_ADDRESSES = []


@pytest.mark.parametrize("number", INSIDE)
def test_an_address_inside_is_not_reached(number):
    assert is_private(ipaddress.ip_address(number))
    with pytest.raises(PrivateAddress, match="LEADOPS_PRIVATE_ADDRESSES"):
        permitted(number, 443)
    with pytest.raises(PrivateAddress):
        refuse(f"https://[{number}]/x" if ":" in number else f"https://{number}/x")


@pytest.mark.parametrize("number", OUTSIDE)
def test_an_address_of_the_public_internet_is_reached(number):
    assert permitted(number, 443) == [(number, "public")]


@pytest.mark.parametrize(
    "spelling", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost", "LOCALHOST."]
)
def test_no_spelling_of_this_machine_gets_through(spelling):
    with pytest.raises(PrivateAddress):
        permitted(spelling, 80)


@pytest.mark.parametrize(
    ("allowed", "standing"),
    [
        ("127.0.0.1", "host"), ("127.0.0.1:PORT", "host"), ("localhost", "host"), ("127.0.0.0/8", "network"),
        ("127.0.0.1:1", None), ("10.0.0.0/8", None), ("crm.internal", None),
    ],
)  # fmt: skip
def test_the_setting_allows_what_it_names_and_no_more(settings, allowed, standing):
    settings.LEADOPS_PRIVATE_ADDRESSES = [allowed.replace("PORT", "8899")]
    if standing is None:
        with pytest.raises(PrivateAddress):
            permitted("localhost", 8899)
    else:
        assert {found for _, found in permitted("localhost", 8899) if _ == "127.0.0.1"} == {standing}


def test_a_name_that_leads_inside_is_found_out_when_the_connection_is_made(monkeypatch):
    """The name server has answered well while the address was checked, and another way since."""
    with serve(lambda request: request.answer(200, b"{}")) as server:
        monkeypatch.setattr(private_addresses.socket, "getaddrinfo", _leading_to("127.0.0.1"))
        remote = Remote(f"http://crm.example:{server.port}")
        refuse(remote.base_url)
        with pytest.raises(
            Transient, match=r"crm\.example is 127\.0\.0\.1, which is not an address of the public"
        ) as caught:
            remote.request("GET", "/latest/meta-data")
    assert not caught.value.ambiguous
    assert server.seen == []


def test_the_number_that_was_looked_at_is_the_number_that_is_called(monkeypatch, settings):
    settings.LEADOPS_PRIVATE_ADDRESSES = ["crm.example"]
    asked = []
    with serve(lambda request: request.answer(200, b"{}")) as server:
        monkeypatch.setattr(private_addresses.socket, "getaddrinfo", _leading_to("127.0.0.1", asked=asked))
        assert Remote(f"http://crm.example:{server.port}").request("GET", "/x").status == 200
    assert asked == ["crm.example", "127.0.0.1"]
    assert server.seen[0].headers["Host"] == f"crm.example:{server.port}"


def test_a_redirect_that_leads_inside_is_not_followed(settings):
    settings.LEADOPS_PRIVATE_ADDRESSES = ["127.0.0.1"]
    away = {"Location": "http://169.254.169.254/"}
    with (
        serve(lambda request: request.answer(302, b"", away)) as server,
        pytest.raises(Permanent, match="points elsewhere, which is not followed"),
    ):
        Remote(server.url).request("GET", "/x")
    assert len(server.seen) == 1


@pytest.mark.parametrize(("allowed", "shown"), [("127.0.0.1", True), ("127.0.0.0/8", False)])
def test_what_a_machine_of_an_allowed_network_says_is_not_shown(settings, allowed, shown):
    settings.LEADOPS_PRIVATE_ADDRESSES = [allowed]
    with (
        serve(lambda request: request.answer(404, b"ami-id internal-secret-metadata")) as server,
        pytest.raises(Permanent) as caught,
    ):
        Remote(server.url).request("GET", "/latest")
    assert ("internal-secret" in str(caught.value)) is shown
    assert ("internal-secret" in caught.value.answer.text) is shown
    assert "404" in str(caught.value)


def _leading_to(number, *, asked=None):
    real = socket.getaddrinfo

    def answer(host, port, *args, **kwargs):
        if asked is not None:
            asked.append(host)
        return real(number if host == "crm.example" else host, port, *args, **kwargs)

    return answer
