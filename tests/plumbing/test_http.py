import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event

import pytest
from django.db import transaction

from plumbing import http
from plumbing.http import AuthLost, Permanent, Remote, Throttled, Transient
from plumbing.wire import WireInTransaction
from tests.plumbing.server import serve

JSON = {"Content-Type": "application/json;charset=utf-8"}
PAGE = b"<!DOCTYPE html><html><head><title>Just a &amp; moment</title></head><body>...</body></html>"


def answering(status, body=b"", headers=None):
    return serve(lambda request: request.answer(status, body, headers))


def test_it_gives_status_headers_and_parsed_json():
    body = json.dumps({"name": "Jana Weiß"}).encode()
    with answering(207, body, {**JSON, "X-HubSpot-RateLimit-Remaining": "99"}) as server:
        remote = Remote(server.url + "/hubspot/", headers={"Authorization": "Bearer x"})
        answer = remote.request("POST", "/crm/v3", json={"a": 1}, params={"q": "ä b"}, headers={"X-One": "1"})
    assert (answer.status, answer.body) == (207, {"name": "Jana Weiß"})
    assert answer.headers["x-hubspot-ratelimit-remaining"] == "99"
    seen = server.seen[0]
    assert (seen.method, seen.path) == ("POST", "/hubspot/crm/v3?q=%C3%A4+b")
    assert (seen.headers["Authorization"], seen.headers["X-One"]) == ("Bearer x", "1")
    assert json.loads(seen.body) == {"a": 1}


@pytest.mark.parametrize(
    ("status", "body", "headers", "parsed"),
    [
        (204, b"", {}, None),
        (200, b"", JSON, None),
        (200, b"OK", {"Content-Type": "text/plain"}, None),
        (200, b"\xef\xbb\xbf[1]", JSON, [1]),
        (200, b'{"a": 1}', {"Content-Type": "text/plain; charset=nonsense"}, {"a": 1}),
        (201, b"null", JSON, None),
    ],
)
def test_it_takes_every_good_answer(status, body, headers, parsed):
    with answering(status, body, headers) as server:
        assert Remote(server.url).request("GET", "/x").body == parsed


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308])
def test_it_follows_no_redirect(status):
    with (
        answering(200, b"{}", JSON) as other,
        answering(status, b"", {"Location": other.url + "/stolen"}) as server,
        pytest.raises(Permanent, match="points elsewhere") as caught,
    ):
        Remote(server.url, headers={"Authorization": "Bearer x"}).request("GET", "/x")
    assert caught.value.status == status
    assert other.seen == []


@pytest.mark.parametrize("asked", ["If-Modified-Since", "if-none-match"])
def test_that_nothing_is_new_is_an_answer_to_whoever_asked_for_news_only(asked):
    with answering(304, b"", {"Last-Modified": "Fri, 27 Nov 2026 12:00:00 GMT"}) as server:
        remote = Remote(server.url)
        answer = remote.request("GET", "/x", headers={asked: "Fri, 27 Nov 2026 12:00:00 GMT"})
        assert (answer.status, answer.body) == (304, None)
        assert answer.headers["last-modified"] == "Fri, 27 Nov 2026 12:00:00 GMT"
        with pytest.raises(Permanent):
            remote.request("GET", "/x")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 415, 422, 451, 501, 505])
def test_what_will_be_refused_again_is_permanent(status):
    body = {"status": "error", "message": "Property values were not valid", "category": "VALIDATION_ERROR"}
    with (
        answering(status, json.dumps(body).encode(), JSON) as server,
        pytest.raises(Permanent, match="Property values were not valid") as caught,
    ):
        Remote(server.url).request("POST", "/x", json={})
    assert (caught.value.status, caught.value.body) == (status, body)
    assert caught.value.answer.headers["content-type"] == JSON["Content-Type"]


def test_lost_credentials_are_their_own_error():
    with (
        answering(401, b'[{"message":"Session expired","errorCode":"INVALID_SESSION_ID"}]', JSON) as server,
        pytest.raises(AuthLost, match="Session expired") as caught,
    ):
        Remote(server.url).request("GET", "/x")
    assert caught.value.answer.body[0]["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize("status", [423, 429, 477])
def test_slow_down_says_when(status):
    with answering(status, b'{"message":"slow"}', {**JSON, "Retry-After": "7"}) as server:
        before = datetime.now(UTC)
        with pytest.raises(Throttled, match="slow") as caught:
            Remote(server.url).request("GET", "/x")
        after = datetime.now(UTC)
    wait = timedelta(seconds=7)
    assert before + wait <= caught.value.retry_at <= after + wait


@pytest.mark.parametrize(
    ("status", "ambiguous"),
    [
        (408, False),
        (425, False),
        (500, True),
        (502, True),
        (503, False),
        (504, True),
        (507, True),
        (520, True),
        (521, False),
        (522, False),
        (523, False),
        (524, True),
        (599, True),
    ],
)
def test_what_passes_is_transient_and_says_whether_it_may_have_worked(status, ambiguous):
    with (
        answering(status, PAGE, {"Content-Type": "text/html"}) as server,
        pytest.raises(Transient, match="Just a & moment") as caught,
    ):
        Remote(server.url).request("POST", "/x", json={})
    assert caught.value.ambiguous is ambiguous
    assert caught.value.answer.status == status


def test_unavailable_with_a_time_is_throttled():
    with answering(503, b"", {"Retry-After": "3"}) as server, pytest.raises(Throttled):
        Remote(server.url).request("GET", "/x")


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (PAGE, {"Content-Type": "text/html"}, "a web page"),
        (PAGE, {}, "a web page"),
        (b'{"results": [', JSON, "not whole JSON"),
    ],
)
def test_a_good_status_with_something_else_than_data_is_not_believed(body, headers, words):
    with (
        answering(200, body, headers) as server,
        pytest.raises(Transient, match=words) as caught,
    ):
        Remote(server.url).request("POST", "/x", json={})
    assert caught.value.ambiguous


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "invalid_grant", "error_description": "expired access"}, "expired access"),
        ({"error": {"code": 7, "message": "nested"}}, "nested"),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, "first"),
        ({"title": "Bad", "detail": "the detail"}, "the detail"),
        ([{"errorCode": "X", "message": "in a list"}], "in a list"),
        ({"strange": 5}, '{"strange": 5}'),
        ([], r"\[\]"),
        ("just text", "just text"),
    ],
)
def test_it_quotes_the_remotes_own_words(body, words):
    with (
        answering(400, json.dumps(body).encode(), JSON) as server,
        pytest.raises(Permanent, match=f"answered 400: {words}"),
    ):
        Remote(server.url).request("POST", "/x", json={})


def test_it_does_not_quote_without_end():
    with (
        answering(400, b"x" * 100_000, {"Content-Type": "text/plain"}) as server,
        pytest.raises(Permanent) as caught,
    ):
        Remote(server.url).request("GET", "/x")
    assert len(caught.value.message) < 2_100


def test_nobody_at_the_port_is_not_ambiguous():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(Transient, match="could not be reached") as caught:
        Remote(f"http://127.0.0.1:{port}").request("POST", "/x", json={})
    assert not caught.value.ambiguous


def test_an_unknown_name_is_not_ambiguous(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(Transient, match="could not be reached") as caught:
        Remote("http://no-such-host.invalid").request("POST", "/x", json={})
    assert not caught.value.ambiguous


def test_silence_after_sending_is_ambiguous():
    told = Event()
    with serve(lambda request: told.wait(20) and None) as server:
        with pytest.raises(Transient, match="did not answer in time") as caught:
            Remote(server.url, timeout=(1.0, 0.1)).request("POST", "/x", json={})
        told.set()
    assert caught.value.ambiguous


@pytest.mark.parametrize("ending", ["reset", "hang_up"])
def test_a_connection_lost_after_sending_is_ambiguous(ending):
    with (
        serve(lambda request: getattr(request, ending)()) as server,
        pytest.raises(Transient, match="was lost") as caught,
    ):
        Remote(server.url).request("POST", "/x", json={})
    assert caught.value.ambiguous
    assert len(server.seen) == 1


def test_an_answer_cut_short_is_ambiguous():
    def cut(request):
        request.answer(200, b'{"a": ', {**JSON, "Content-Length": "500"})
        request.hang_up()

    with serve(cut) as server, pytest.raises(Transient, match="was lost") as caught:
        Remote(server.url).request("POST", "/x", json={})
    assert caught.value.ambiguous


def test_an_answer_that_drips_without_end_is_given_up():
    def drip(request):
        request.answer(200, b"", {**JSON, "Content-Length": "100000000"})
        for _ in range(2000):
            request.handler.wfile.write(b" " * 65536)
            time.sleep(0.01)

    with serve(drip) as server, pytest.raises(Transient, match=r"took too long|more than 32 MiB") as caught:
        Remote(server.url, timeout=(1.0, 0.1)).request("POST", "/x", json={})
    assert caught.value.ambiguous


def test_remotes_of_a_thread_share_an_open_connection():
    with answering(200, b"{}", JSON) as server:
        for number in range(5):
            Remote(server.url, headers={"X-Number": str(number)}).request("POST", "/x", json={})
    assert len({seen.peer for seen in server.seen}) == 1
    assert [seen.headers["X-Number"] for seen in server.seen] == ["0", "1", "2", "3", "4"]


def test_no_cookie_goes_back_to_the_host():
    with answering(200, b"{}", {**JSON, "Set-Cookie": "sid=customer-one; Path=/"}) as server:
        for _ in range(2):
            Remote(server.url).request("GET", "/x")
    assert [seen.headers.get("Cookie") for seen in server.seen] == [None, None]


def test_a_netrc_does_not_replace_our_credentials(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with answering(200, b"{}", JSON) as server:
        Remote(server.url, headers={"Authorization": "Bearer ours"}).request("GET", "/x")
    assert server.seen[0].headers["Authorization"] == "Bearer ours"


@pytest.mark.parametrize(
    "address", ["ftp://a.test", "file:///etc/passwd", "a.test", "", "http://", "//a.test"]
)
def test_only_http_and_https_are_addresses(address):
    with pytest.raises(ValueError, match="is not an address"):
        Remote(address)


@pytest.mark.parametrize("path", ["//evil.test/x", "/\\evil.test/x", "@evil.test/x", ".evil.test/x", ":99/x"])
def test_a_path_cannot_lead_to_another_host(path):
    with answering(200, b"{}", JSON) as server:
        Remote(server.url).request("GET", path)
    assert len(server.seen) == 1


def test_a_whole_address_is_no_path():
    with pytest.raises(ValueError, match="continues the base address"):
        Remote("http://127.0.0.1:1").request("GET", "http://evil.test/x")


@pytest.mark.parametrize("token", ["hush\n", "hush-❤"])
def test_a_token_with_stray_characters_is_permanent_and_not_quoted(token):
    with pytest.raises(Permanent, match="check its address, and the token") as caught:
        Remote("http://127.0.0.1:1", headers={"Authorization": f"Bearer {token}"}).request("GET", "/x")
    assert "hush" not in caught.value.message


@pytest.mark.django_db(transaction=True)
def test_it_refuses_inside_a_transaction():
    with answering(200, b"{}", JSON) as server:
        with transaction.atomic(), pytest.raises(WireInTransaction, match="rule 4"):
            Remote(server.url).request("GET", "/x")
        assert server.seen == []
        assert Remote(server.url).request("GET", "/x").status == 200


NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.1),
        ("1.5", 1.5),
        (" 30 ", 30.0),
        ("899", 899.0),
        ("901", 900.0),
        ("10000", 10.0),
        ("1772625600", 900.0),
        ("-1", 2.0),
        ("nan", 2.0),
        ("inf", 900.0),
        ("", 2.0),
        (None, 2.0),
        ("soon", 2.0),
        (format_datetime(NOW + timedelta(seconds=60), usegmt=True), 60.0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 900.0),
        (format_datetime(NOW - timedelta(seconds=60), usegmt=True), 2.0),
        ("Wed, 04 Mar 2026 12:01:00", 60.0),
        ("Wed, 99 Xyz 2026 12:01:00 GMT", 2.0),
    ],
)
def test_retry_after_is_read_with_suspicion(header, seconds):
    assert http._retry_at(header, now=NOW) == NOW + timedelta(seconds=seconds)
