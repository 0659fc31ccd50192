"""LinkedIn lead sync: the webhook carries the response's URN; the answers are fetched afterwards.

https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, one_or_many, text_of

_QUESTIONS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "emailaddress": "email",
    "workemail": "email",
    "phonenumber": "phone",
    "workphonenumber": "phone",
    "companyname": "company",
    "company": "company",
    "jobtitle": "job_title",
    "title": "job_title",
    "country": "country",
    "state": "state",
    "city": "city",
    "zipcode": "postal_code",
    "postalcode": "postal_code",
    "industry": "industry",
}


def flatten(body: Any) -> Flat:
    """The notice (with `reference` set to the response's URN), or the fetched answers by question name."""
    flat = Flat(body=body)
    lead = dict_of(body)
    flat.event_id = text_of(lead.get("leadGenFormResponse")) or text_of(lead.get("id")) or None
    flat.is_test = lead.get("testLead") is True
    for answer in dicts_of(dict_of(lead.get("formResponse")).get("answers")):
        name = text_of(answer.get("name"))
        identifier = text_of(answer.get("questionId"))
        known = _QUESTIONS.get(name.replace("_", "").replace(" ", "").casefold())
        also = [*([known] if known else []), identifier]
        flat.add(name or identifier, _answer(dict_of(answer.get("answerDetails"))), also=also)
    if not flat.values:
        flat.reference = flat.event_id
    flat.add("leadGenForm", lead.get("leadGenForm") or lead.get("versionedLeadGenFormUrn"))
    flat.add("leadAction", lead.get("leadAction"))
    flat.add("submitted_at", lead.get("submittedAt") or lead.get("occurredAt"))
    return flat


def answer_challenge(query: Mapping[str, str], *, secret: str) -> dict[str, str] | None:
    """The JSON to answer LinkedIn's ownership GET with, or None without a challenge code."""
    code = query.get("challengeCode")
    if not code:
        return None
    digest = hmac.new(secret.encode(), code.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return {"challengeCode": code, "challengeResponse": digest}


def _answer(details: Mapping[str, Any]) -> Any:
    text = dict_of(details.get("textQuestionAnswer")).get("answer")
    options = dict_of(details.get("multipleChoiceAnswer")).get("options")
    return one_or_many(options) if text is None and isinstance(options, list) and options else text
