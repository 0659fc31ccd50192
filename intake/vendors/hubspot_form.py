"""HubSpot forms: a submission (`fields[]` of name and value) or a workflow's contact (`properties`)."""

from datetime import timedelta
from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, text_of
from plumbing.signatures import over_whole_request

# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation, version 3
_DECODED = frozenset(["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"])
signature = over_whole_request(
    signature_header="X-HubSpot-Signature-v3",
    timestamp_header="X-HubSpot-Request-Timestamp",
    window=timedelta(minutes=5),
    decoded=_DECODED,
)

_PROPERTIES = {
    "firstname": "first_name",
    "lastname": "last_name",
    "jobtitle": "job_title",
    "mobilephone": "phone",
    "zip": "postal_code",
    "numemployees": "employee_count",
    "annualrevenue": "annual_revenue",
    "hs_language": "language",
    "hs_google_click_id": "gclid",
    "hs_facebook_click_id": "fbclid",
}


def flatten(body: Any) -> Flat:
    """Values by HubSpot's property name and, where there is one, by the canonical name."""
    flat = Flat(body=body)
    post = dict_of(body)
    context = dict_of(post.get("context"))
    fields = post.get("fields")
    for field in dicts_of(fields) or dicts_of(post.get("values")):
        _add(flat, text_of(field.get("name")), field.get("value"), label=field.get("label"))
    for name, value in dict_of(post.get("properties")).items():
        _add(flat, name, value.get("value") if isinstance(value, dict) else value)
    flat.event_id = next(
        (
            text
            for key in ("conversionId", "submissionId", "correlationId")
            if (text := text_of(post.get(key)))
        ),
        None,
    )
    consent = dict_of(dict_of(post.get("legalConsentOptions")).get("consent"))
    flat.add("privacy_consent", consent.get("consentToProcess"))
    flat.add("source_page", context.get("pageUri") or post.get("pageUrl"))
    flat.add("submitted_at", post.get("submittedAt"))
    return flat


def _add(flat: Flat, name: str, value: Any, *, label: Any = None) -> None:
    flat.add(name, value, also=[_PROPERTIES[name]] if name in _PROPERTIES else [], label=label)
