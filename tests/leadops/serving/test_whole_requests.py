"""Every kind of request that a network can bring gets the right answer, over real sockets."""

import json

import pytest

from intake.bodies import MAX_BYTES
from intake.models import Submission
from tests.leadops.serving.wire import SUBMISSIONS, Line, head, lead

pytestmark = pytest.mark.django_db(transaction=True)


def chunks(*parts, end=True):
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return sent + b"0\r\n\r\n" if end else sent


def test_a_body_that_comes_in_pieces_is_taken(web, committed_acme):
    body = lead()
    with Line(web.port, head(Content_Length=len(body)), body[:20], body[20:]) as line:
        assert line.answer()[0] == 202


def test_a_body_in_chunks_is_taken(web, committed_acme):
    body = lead()
    with Line(web.port, head(Transfer_Encoding="chunked"), chunks(body[:20], body[20:])) as line:
        assert line.answer()[0] == 202
    assert bytes(Submission.objects.get().body) == body


def test_a_body_in_chunks_counts_also_where_a_length_is_claimed(web, committed_acme):
    body = lead()
    with Line(web.port, head(Content_Length=5, Transfer_Encoding="chunked"), chunks(body)) as line:
        assert line.answer()[0] == 202
    assert bytes(Submission.objects.get().body) == body


@pytest.mark.parametrize(
    "path", [SUBMISSIONS, "/api/v1/webhooks/hubspot", "/api/v1/leads/simulate", "/admin/login/"]
)
def test_a_body_that_comes_too_slowly_is_answered_and_hung_up_on(web, path):
    with Line(web.port, head(path, Content_Length=2000), b"{") as line:
        status, headers, body = line.answer()
        assert status == 408
        assert headers["connection"] == "close"
        assert b"did not come in time" in body
        assert line.is_over()


def test_a_body_that_drips_is_too_slow_although_something_always_comes(web):
    with Line(web.port, head(Content_Length=100_000)) as line:
        line.socket.settimeout(0.05)
        for _ in range(400):
            line.socket.sendall(b"{")
            try:
                if line.socket.recv(1, 2):  # MSG_PEEK
                    break
            except TimeoutError:
                continue
        line.socket.settimeout(20)
        assert line.answer()[0] == 408


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(web):
    with Line(web.port, head(Content_Length=MAX_BYTES + 1)) as line:
        status, headers, body = line.answer()
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["detail"] == "The body has more than 256 KiB."


def test_whoever_sends_all_of_a_large_body_still_reads_that_it_was_too_large(web):
    with Line(web.port, head(Content_Length=3_000_000), b"x" * 3_000_000) as line:
        assert line.answer()[0] == 413


def test_chunks_are_counted_as_they_come(web):
    with Line(web.port, head(Transfer_Encoding="chunked"), chunks(b"x" * (MAX_BYTES + 1), end=False)) as line:
        assert line.answer()[0] == 413


def test_the_largest_body_that_forms_take_is_taken(web, committed_acme):
    body = json.dumps({"email": "large@example.org", "message": ""}).encode()
    body = body[:-2] + b"x" * (MAX_BYTES - len(body)) + body[-2:]
    with Line(web.port, head(Content_Length=len(body)), body) as line:
        assert line.answer()[0] == 202


def test_whoever_asks_before_sending_is_told_to_go_on(web, committed_acme):
    body = lead()
    with Line(web.port, head(Content_Length=len(body), Expect="100-continue")) as line:
        assert line.answer()[0] == 100
        line.socket.sendall(body)
        assert line.answer()[0] == 202


def test_whoever_asks_before_sending_too_much_is_not_told_to_go_on(web):
    with Line(web.port, head(Content_Length=MAX_BYTES + 1, Expect="100-continue")) as line:
        assert line.answer()[0] == 413


def test_requests_sent_in_one_go_are_answered_in_their_order(web, committed_acme):
    body = lead()
    post = head(Content_Length=len(body)) + body
    with Line(web.port, post + head("/healthz", method="GET") + post) as line:
        assert [line.answer()[0] for _ in range(3)] == [202, 200, 202]


@pytest.mark.parametrize("path", ["/healthz", "/admin/login/"])
def test_head_is_answered_without_a_body(web, path):
    with Line(web.port, head(path, method="HEAD", Connection="close")) as line:
        status, headers, _ = line.answer(has_body=False)
        assert status == 200
        assert int(headers["content-length"]) > 0
        assert line.is_over()


@pytest.mark.parametrize(
    "cut", [head(Content_Length=2000) + b"{", head(Transfer_Encoding="chunked") + chunks(b"{}", end=False)]
)
def test_half_a_body_is_never_taken_for_a_whole_one(web, committed_acme, cut):
    with Line(web.port, cut) as line:
        line.socket.shutdown(1)
        assert line.answer()[0] == 400
    assert not Submission.objects.exists()


def test_a_header_with_an_underscore_is_not_taken_for_the_one_with_a_hyphen(web, committed_acme):
    body = lead()
    forged = head(Content_Length=len(body)).replace(b"\r\n\r\n", b"\r\nIdempotency_Key: forged\r\n\r\n")
    with Line(web.port, forged + body) as line:
        assert line.answer()[0] == 202
    assert "idempotency-key" not in Submission.objects.get().headers


def test_an_address_in_another_spelling_is_the_same_address(web, committed_acme):
    body = lead()
    path = SUBMISSIONS.replace("demo", "%64emo")
    with Line(web.port, head(path, Content_Length=len(body)) + body) as line:
        assert line.answer()[0] == 202
