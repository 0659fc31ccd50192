"""Webflow form submissions, v2 (`payload.data`) and v1 (`data`): values by the form's labels.

https://developers.webflow.com/data/reference/webhooks/events/form-submission
"""

from typing import Any

from intake.vendors.flat import Flat, dict_of, text_of
from intake.vendors.generic import add_nested


def flatten(body: Any) -> Flat:
    """Values of the submission; numbers stay numbers (Webflow sends a phone as one)."""
    flat = Flat(body=body)
    event = dict_of(body)
    payload = dict_of(event.get("payload")) or event
    flat.event_id = text_of(payload.get("id")) or text_of(payload.get("_id")) or None
    add_nested(flat, dict_of(payload.get("data")))
    flat.add("form_name", payload.get("name"))
    flat.add("submitted_at", payload.get("submittedAt") or payload.get("d"))
    flat.add("source_page", payload.get("pageUrl"))
    return flat
