"""Taking submissions: every answer of the contract, and what is kept for each."""

import json
import uuid
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from intake import runner
from intake.models import Lead, Submission
from plumbing import secrets
from tests import make
from tests.leadops.api import forms
from tests.leadops.api.calling import refused

pytestmark = pytest.mark.django_db

BOUNDARY = "BoUnDaRy"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def test_it_takes_json_and_says_where_to_ask(acme):
    answer = forms.post(make.person())
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"submission_id", "status", "status_url"}
    assert body["status"] == "received"
    assert body["status_url"] == f"/api/v1/submissions/{body['submission_id']}"
    submission = Submission.objects.get(pk=uuid.UUID(body["submission_id"]))
    assert json.loads(bytes(submission.body)) == make.person()


@pytest.mark.parametrize("kind", ["json", "urlencoded", "multipart"])
def test_it_makes_the_same_lead_of_every_way_to_post(acme, kind):
    person, client = make.person(message="Grüße, 100 % sicher"), forms.browser()
    if kind == "json":
        answer = forms.post(person)
    elif kind == "urlencoded":
        answer = client.post(
            forms.DEMO, urlencode(person), content_type="application/x-www-form-urlencoded; charset=utf-8"
        )
    else:
        answer = client.post(forms.DEMO, person)
    assert answer.status_code == 202
    runner.drain()
    lead = Lead.objects.get()
    assert (lead.email, lead.full_name, lead.country) == (
        "jana.weiss@beispiel-werke.example",
        "Jana Weiß",
        "DE",
    )
    assert (lead.message, lead.employee_count) == ("Grüße, 100 % sicher", 900)


def test_it_keeps_headers_for_people_but_no_credentials(acme):
    forms.post(
        make.person(),
        User_Agent="Firefox",
        Cookie="session=1",
        Authorization="Bearer x",
        Referer="https://a.test/",
    )
    kept = Submission.objects.get().headers
    assert kept["user-agent"] == "Firefox"
    assert kept["referer"] == "https://a.test/"
    assert not {"cookie", "authorization"} & set(kept)


def test_it_refuses_a_file(acme):
    person = {**make.person(), "cv": SimpleUploadedFile("cv.pdf", b"%PDF-")}
    assert "Files" in refused(forms.browser().post(forms.DEMO, person), 415)["detail"]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", f"application/json; x={'y' * 300}"]
)
def test_it_refuses_other_media_types(acme, content_type):
    refused(forms.browser().post(forms.DEMO, b"{}", content_type=content_type), 415)
    assert not Submission.objects.exists()


def test_it_takes_a_body_as_it_is_and_no_compressed_one(acme):
    answer = forms.raw(b"{}", "application/json", Content_Encoding="gzip")
    assert "gzip" in refused(answer, 415)["detail"]
    assert answer["Accept-Encoding"] == "identity"
    body = json.dumps(make.person()).encode()
    assert forms.raw(body, "application/json", Content_Encoding="identity").status_code == 202


def test_it_takes_json_by_any_of_its_names_and_answers_json_whatever_is_asked_for(acme):
    body = json.dumps(make.person()).encode()
    answer = forms.raw(body, "application/vnd.acme+json; charset=utf-8", Accept="text/html")
    assert answer.status_code == 202
    assert answer["Content-Type"] == "application/json"


def test_it_keeps_no_session_and_asks_for_none(acme, django_assert_num_queries):
    forms.post(make.person())
    with django_assert_num_queries(2):  # The form, and the row.
        answer = forms.post(make.american())
    assert answer.status_code == 202
    assert not answer.cookies
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    refused(forms.browser(Host="crm.acme.test").post(forms.DEMO), 400)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"9" * 10_000, "application/json"),
        (b"name=%ED%A0%80", "application/x-www-form-urlencoded"),
        ("&".join(f"f{number}=x" for number in range(1500)).encode(), "application/x-www-form-urlencoded"),
        (b"no parts", "multipart/form-data"),
        (b"no parts", MULTIPART),
        (
            b"".join(
                f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f{number}"\r\n\r\nx\r\n'.encode()
                for number in range(1500)
            ),
            MULTIPART,
        ),
    ],
    ids=range(11),
)
def test_it_refuses_a_body_that_is_not_what_its_type_says(acme, body, content_type):
    refused(forms.raw(body, content_type), 400)
    assert not Submission.objects.exists()


def test_it_refuses_more_than_256_kib_and_takes_just_less(acme):
    refused(forms.post(make.person(message="x" * (256 * 1024))), 413)
    assert not Submission.objects.exists()
    assert forms.post(make.person(message="x" * (255 * 1024))).status_code == 202


def test_it_reads_a_body_that_comes_in_chunks(acme):
    body = json.dumps(make.person()).encode()
    assert forms.chunked(body).status_code == 202
    assert bytes(Submission.objects.get().body) == body
    refused(forms.chunked(b"x" * 300_000), 413)


@pytest.mark.parametrize("key", ["no-such-form", "Nö!", "a b", "%00", "x" * 300])
def test_it_knows_no_other_form(acme, key):
    refused(forms.post({}, f"/api/v1/forms/{key}/submissions"), 404)


def test_it_takes_posts_only(acme):
    for method in ("get", "put", "patch", "delete"):
        answer = getattr(forms.browser(), method)(forms.DEMO)
        refused(answer, 405)
        assert answer["Allow"] == "POST, OPTIONS"


def test_it_says_that_a_form_is_switched_off(acme):
    forms.form(active=False)
    assert "switched off" in refused(forms.post(make.person()), 409)["detail"]
    assert not Submission.objects.exists()


def test_it_lets_no_other_site_post(acme):
    refused(forms.post(make.person(), Origin="https://evil.test"), 403)
    refused(forms.post(make.person(), Origin="null"), 403)
    assert not Submission.objects.exists()
    assert forms.post(make.person()).status_code == 202


def test_it_answers_allowed_sites_with_cors_headers(acme):
    answer = forms.post(make.person(), Origin=forms.ALLOWED)
    assert answer.status_code == 202
    assert answer["Access-Control-Allow-Origin"] == forms.ALLOWED
    assert answer["Vary"] == "Origin"
    assert "Idempotent-Replayed" in answer["Access-Control-Expose-Headers"]
    wrong = forms.post({}, Origin=forms.ALLOWED)
    assert refused(wrong, 422)["errors"] == {"email": ["E-mail is required."]}
    assert wrong["Access-Control-Allow-Origin"] == forms.ALLOWED


def test_it_answers_preflights(acme):
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    answer = forms.browser(Origin=forms.ALLOWED, **asked).options(forms.DEMO)
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == forms.ALLOWED
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in answer["Access-Control-Allow-Headers"]
    other = forms.browser(Origin="https://evil.test", **asked).options(forms.DEMO)
    refused(other, 403)
    assert "Access-Control-Allow-Origin" not in other


def test_it_tells_a_bot_nothing_and_makes_no_lead_of_it(acme):
    answer = forms.post(make.person(company_fax="555"))
    assert answer.status_code == 202
    assert set(answer.json()) == {"submission_id", "status", "status_url"}
    runner.drain()
    assert Submission.objects.get().status == "spam"
    assert not Lead.objects.exists()


def test_it_tells_a_bot_nothing_of_missing_values_either(acme):
    assert forms.post({"company_fax": "555"}).status_code == 202


def test_it_tells_the_website_what_is_wrong_and_keeps_the_body(acme):
    body = refused(forms.post({"email": "not an address", "full_name": "Jana"}), 422)
    assert list(body["errors"]) == ["email"]
    submission = Submission.objects.get()
    assert (submission.status, submission.due_at) == ("rejected", None)
    assert json.loads(bytes(submission.body))["full_name"] == "Jana"
    runner.drain()
    assert not Lead.objects.exists()


def test_it_takes_what_fails_the_contract_where_the_form_holds(acme):
    forms.form(on_invalid="hold")
    assert forms.post({"full_name": "Jana"}).status_code == 202
    runner.drain()
    assert Submission.objects.get().status == "held"


def test_it_sends_a_plain_form_to_its_thank_you_page(acme):
    forms.form(success_status=303, thank_you_url="https://www.acme.test/thanks")
    answer = forms.browser().post(forms.DEMO, make.person())
    assert (answer.status_code, answer["Location"]) == (303, "https://www.acme.test/thanks")
    assert Submission.objects.count() == 1


def test_it_answers_200_where_the_form_asks_for_it_and_202_without_a_thank_you_page(acme):
    forms.form(success_status=200)
    assert forms.post(make.person()).status_code == 200
    forms.form(success_status=303, thank_you_url="")
    assert forms.post(make.person()).status_code == 202


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "ip"),
    [
        ([], "203.0.113.9", "198.51.100.7", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/8"], "10.0.0.2", "6.6.6.6, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        (["10.0.0.0/8"], "203.0.113.9", "6.6.6.6", "203.0.113.9"),
        (["10.0.0.2"], "10.0.0.2", "", "10.0.0.2"),
        (["10.0.0.2"], "10.0.0.2", "unknown", None),
        (["10.0.0.2"], "10.0.0.2", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_it_believes_forwarded_addresses_of_trusted_proxies_only(acme, proxies, peer, forwarded, ip):
    with override_settings(LEADOPS_TRUSTED_PROXIES=proxies):
        client = forms.browser(**({"X_Forwarded_For": forwarded} if forwarded else {}))
        client.post(forms.DEMO, make.person(), REMOTE_ADDR=peer)
    assert Submission.objects.get().ip == ip


def test_it_tells_form_and_staff_how_far_a_submission_has_got(acme, api):
    forms.form(token=secrets.encrypt("form-token"))
    answer = forms.post(make.person())
    address = answer.json()["status_url"]
    refused(forms.browser().get(address), 401)
    refused(forms.browser(Authorization="Bearer wrong").get(address), 401)
    early = forms.browser(Authorization="Bearer form-token").get(address).json()
    assert (early["status"], early["lead_id"], early["handed_off_at"]) == ("received", None, None)
    runner.drain()
    late = api.client.get(address).json()
    assert set(late) == {
        "submission_id",
        "status",
        "is_test",
        "stage",
        "lead_id",
        "exception_ids",
        "received_at",
        "handed_off_at",
    }
    assert (late["status"], late["stage"], late["lead_id"]) == (
        "handed_off",
        None,
        str(Lead.objects.get().pk),
    )
    assert late["exception_ids"] == []
    refused(api.client.get("/api/v1/submissions/7f4ac28c-0000-4000-8000-000000000000"), 404)


def test_a_webhooks_secret_is_its_bearer_token_where_it_has_no_other(acme):
    forms.form("typeform-quote", secret=secrets.encrypt("the-secret"))
    path = "/api/v1/forms/typeform-quote/submissions"
    event = forms.typeform_event()
    refused(forms.post(event, path, Authorization="Bearer wrong"), 401)
    answer = forms.post(event, path, Authorization="Bearer the-secret")
    assert answer.status_code == 202
    address = answer.json()["status_url"]
    assert forms.browser(Authorization="Bearer the-secret").get(address).json()["status"] == "received"
    refused(forms.browser(Authorization="Bearer wrong").get(address), 401)


def test_it_names_the_exceptions_of_a_held_submission(acme, api):
    forms.form(on_invalid="hold")
    address = forms.post({"full_name": "Jana"}).json()["status_url"]
    runner.drain()
    body = api.client.get(address).json()
    assert body["status"] == "held"
    (item,) = body["exception_ids"]
    assert api.get(f"exceptions/{item}").json()["subject"]["id"] == body["submission_id"]
