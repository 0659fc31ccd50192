"""Meta lead ads: the webhook carries ids, several leads per post; the answers are fetched afterwards.

https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving
"""

import hmac
from collections.abc import Mapping
from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, one_or_many, text_of

_QUESTIONS = {
    "work_email": "email",
    "phone_number": "phone",
    "work_phone_number": "phone",
    "company_name": "company",
    "zip_code": "postal_code",
    "post_code": "postal_code",
    "province": "state",
}
_IDS = ("ad_id", "adgroup_id", "campaign_id", "form_id", "page_id", "platform")
# What Meta's testing tool for lead ads answers to questions that it has no sample for.
# The lead of the sample that Meta's page for webhooks sends.
_SAMPLE_ID = "444444444444"
_DUMMY = "<test lead: dummy data for "


def split(body: Any) -> list[Any]:
    """One body per lead: each `leadgen` change of a webhook, in order; any other body is one lead's own."""
    changes = [
        change["value"]
        for entry in dicts_of(dict_of(body).get("entry"))
        for change in dicts_of(entry.get("changes"))
        if change.get("field", "leadgen") == "leadgen" and isinstance(change.get("value"), dict)
    ]
    return changes if "entry" in dict_of(body) else [body]


def flatten(body: Any) -> Flat:
    """One lead: its ids (with `reference` set), or the fetched answers by question name."""
    parts = split(body)
    flat = Flat(body=parts[0] if parts else body)
    lead = dict_of(flat.body)
    identifier = text_of(lead.get("leadgen_id")) or text_of(lead.get("id"))
    flat.event_id = identifier or None
    flat.is_test = identifier == _SAMPLE_ID
    for answer in dicts_of(lead.get("field_data")):
        name = text_of(answer.get("name"))
        values = answer.get("values")
        value = one_or_many(values) if isinstance(values, list) and values else values
        flat.add(name, value, also=[_QUESTIONS[name]] if name in _QUESTIONS else [])
        flat.is_test = flat.is_test or text_of(value).startswith(_DUMMY)
    if not flat.values:
        flat.reference = identifier or None
    for name in _IDS:
        flat.add(name, lead.get(name))
    flat.add("submitted_at", lead.get("created_time"))
    return flat


def answer_challenge(query: Mapping[str, str], *, verify_token: str) -> str | None:
    """The text to answer Meta's subscription GET with, or None when the token is not ours."""
    given = query.get("hub.verify_token", "")
    known = bool(verify_token) and hmac.compare_digest(
        given.encode("utf-8", "replace"), verify_token.encode()
    )
    return query.get("hub.challenge", "") if known and query.get("hub.mode") == "subscribe" else None
