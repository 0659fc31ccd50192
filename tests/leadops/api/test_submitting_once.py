"""Idempotency: the same delivery twice is one submission; and who a vendor's delivery is from."""

import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from intake import runner
from intake.models import Lead, Submission
from leadops.api import submit
from plumbing import secrets
from tests import make
from tests.leadops.api import forms
from tests.leadops.api.calling import refused

pytestmark = pytest.mark.django_db


def test_it_replays_the_answer_to_the_same_key_and_body(acme):
    first = forms.post(make.person(), Idempotency_Key="k1")
    again = forms.post(make.person(), Idempotency_Key="k1")
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert Submission.objects.count() == 1


def test_it_refuses_the_same_key_with_another_body(acme):
    forms.post(make.person(), Idempotency_Key="k1")
    refused(forms.post(make.american(), Idempotency_Key="k1"), 422)
    assert Submission.objects.count() == 1


def test_it_keeps_keys_apart_by_form(acme):
    forms.signing_typeform()
    assert forms.post(make.person(), Idempotency_Key="k1").status_code == 202
    assert forms.post_typeform(forms.typeform_event(), Idempotency_Key="k1").status_code == 202
    assert Submission.objects.count() == 2


def test_a_key_of_two_forms_is_answered_for_the_form_that_is_asked(acme):
    forms.form("typeform-quote", vendor="generic", token=secrets.encrypt("form-token"))
    theirs = {"Authorization": "Bearer form-token", "Idempotency_Key": "k1"}
    answers = [
        (forms.post(make.person(), Idempotency_Key="k1"), forms.post(make.person(), forms.TYPEFORM, **theirs))
        for _ in range(2)
    ]
    first, again = ([answer.json()["submission_id"] for answer in both] for both in answers)
    assert first == again
    assert len(set(first)) == 2


def test_it_forgets_a_key_after_seven_days(acme):
    forms.post(make.person(), Idempotency_Key="k1")
    kept = Submission.objects.get()
    assert kept.key_expires_at - kept.received_at == timedelta(days=7)
    Submission.objects.update(key_expires_at=timezone.now() - timedelta(seconds=1))
    answer = forms.post(make.american(), Idempotency_Key="k1")
    assert answer.status_code == 202
    assert "Idempotent-Replayed" not in answer
    assert Submission.objects.count() == 2


def test_it_takes_a_key_of_255_characters_and_no_longer_one(acme):
    assert forms.post(make.person(), Idempotency_Key="k" * 255).status_code == 202
    refused(forms.post(make.person(), Idempotency_Key="k" * 256), 422)


def test_it_repeats_a_refusal_as_it_was(acme):
    first = forms.post({"full_name": "Jana"}, Idempotency_Key="k1")
    again = forms.post({"full_name": "Jana"}, Idempotency_Key="k1")
    assert refused(again, 422) == refused(first, 422)
    assert again["Idempotent-Replayed"] == "true"
    assert Submission.objects.count() == 1


def test_what_was_taken_stays_taken_though_the_form_has_become_stricter(acme):
    first = forms.post(make.person(), Idempotency_Key="k1")
    forms.form(required=["email", "job_title"])
    again = forms.post(make.person(), Idempotency_Key="k1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert again.json() == first.json()


def test_it_repeats_the_redirect_to_the_thank_you_page(acme):
    forms.form(success_status=303, thank_you_url="https://www.acme.test/thanks")
    forms.post(make.person(), Idempotency_Key="k1")
    again = forms.post(make.person(), Idempotency_Key="k1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (303, "true")


def test_it_takes_two_posts_without_a_key_for_two(acme):
    forms.post(make.person())
    forms.post(make.person())
    assert Submission.objects.count() == 2


def test_it_takes_a_signed_typeform_delivery(acme):
    forms.signing_typeform()
    assert forms.post_typeform(forms.typeform_event()).status_code == 202
    runner.drain()
    lead = Lead.objects.get()
    assert (lead.full_name, lead.country, lead.employee_count) == ("Jana Weiß", "DE", 900)
    assert lead.attribution == {"utm_source": "newsletter"}


def test_it_stores_nothing_of_an_unsigned_delivery_but_a_count(acme):
    forms.signing_typeform()
    counted = submit.refused.labels(form="typeform-quote", why="401")
    before = counted._value.get()
    refused(forms.post(forms.typeform_event(), forms.TYPEFORM), 401)
    refused(forms.post_typeform(forms.typeform_event(), secret="another"), 401)
    assert not Submission.objects.exists()
    assert counted._value.get() == before + 2


def test_it_refuses_everything_where_no_secret_is_set(acme):
    refused(forms.post_typeform(forms.typeform_event(), secret=""), 401)


def test_it_takes_the_forms_own_token_instead_of_a_signature(acme):
    forms.form("typeform-quote", token=secrets.encrypt("form-token"))
    taken = forms.post(forms.typeform_event(), forms.TYPEFORM, Authorization="Bearer form-token")
    assert taken.status_code == 202
    refused(forms.post(forms.typeform_event(), forms.TYPEFORM, Authorization="Bearer other"), 401)


def test_it_knows_a_vendors_event_again_whatever_the_body(acme):
    forms.signing_typeform()
    first = forms.post_typeform(forms.typeform_event("e1"))
    again = forms.post_typeform(forms.typeform_event("e1", full_name="Jana W."))
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert forms.post_typeform(forms.typeform_event("e2")).json() != first.json()
    assert Submission.objects.count() == 2


def test_a_signed_delivery_cannot_be_sent_again_under_a_new_key(acme):
    """With the vendor's event id, and without one by its signature."""
    forms.signing_typeform()
    nameless = forms.typeform_event()
    del nameless["event_id"], nameless["form_response"]["token"]
    for event in (forms.typeform_event(), nameless):
        before = Submission.objects.count()
        first = forms.post_typeform(event)
        again = [forms.post_typeform(event), *(forms.post_typeform(event, Idempotency_Key=k) for k in "abc")]
        assert first.status_code == 202
        assert {answer["Idempotent-Replayed"] for answer in again} == {"true"}
        assert {answer.json()["submission_id"] for answer in again} == {first.json()["submission_id"]}
        assert Submission.objects.count() == before + 1


def test_a_replay_counts_toward_the_limit_of_the_form(acme):
    forms.form(throttle={"per_form": 3})
    statuses = [forms.post(make.person(), Idempotency_Key="k1").status_code for _ in range(5)]
    assert statuses == [202, 202, 202, 429, 429]
    assert Submission.objects.count() == 1


def test_whoever_has_the_forms_token_may_send_the_same_body_twice(acme):
    forms.form("typeform-quote", vendor="generic", token=secrets.encrypt("form-token"))
    for _ in range(2):
        taken = forms.post(make.person(), forms.TYPEFORM, Authorization="Bearer form-token")
        assert taken.status_code == 202
    assert Submission.objects.count() == 2


def test_it_keeps_each_lead_of_a_post_that_carries_several_once(acme):
    forms.form("typeform-quote", vendor="meta", token=secrets.encrypt("form-token"))
    changes = [{"field": "leadgen", "value": {"leadgen_id": str(number)}} for number in (1, 2, 3)]
    body = {"object": "page", "entry": [{"id": "9", "changes": changes}]}
    for _ in range(2):
        answer = forms.post(body, forms.TYPEFORM, Authorization="Bearer form-token", Idempotency_Key="k1")
        assert answer.status_code == 200
    assert Submission.objects.count() == 3


@pytest.mark.parametrize("known_by", ["key", "signature"])
def test_it_keeps_each_lead_of_such_a_post_once_where_they_have_no_ids_of_their_own(acme, known_by):
    forms.form(
        "typeform-quote", vendor="meta", token=secrets.encrypt("form-token"), secret=secrets.encrypt("app")
    )
    leads = [{"field_data": [{"name": "email", "values": [f"{name}@firm.example"]}]} for name in "abc"]
    changes = [{"field": "leadgen", "value": lead} for lead in leads]
    body = json.dumps({"object": "page", "entry": [{"id": "9", "changes": changes}]}).encode()
    headers = {"Authorization": "Bearer form-token", "Idempotency_Key": "k1"}
    if known_by == "signature":
        headers = {"X_Hub_Signature_256": f"sha256={hmac.new(b'app', body, 'sha256').hexdigest()}"}
    for _ in range(2):
        answer = forms.raw(body, "application/json", forms.TYPEFORM, **headers)
        assert answer.status_code == 200
    assert Submission.objects.count() == 3
