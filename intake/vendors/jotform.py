"""Jotform webhooks: a multipart post whose `rawRequest` part is JSON text with keys such as `q3_email`.

https://www.jotform.com/help/245-how-to-setup-a-webhook-with-jotform/
"""

import json
import re
from typing import Any

from intake.vendors.clean import clean, is_blank
from intake.vendors.composites import add_answer
from intake.vendors.flat import Flat, dict_of, text_of

_QUESTION = re.compile(r"q(\d+)_(.+)", re.DOTALL)


def flatten(body: Any) -> Flat:
    """Values by their unique name (`q3_email` is also `email`) and by `q3`."""
    cleaned = clean(body)
    flat = Flat(body=cleaned)
    post = dict_of(cleaned)
    flat.event_id = text_of(post.get("submissionID")) or text_of(post.get("submission_id")) or None
    answers = _raw_request(post.get("rawRequest"))
    if isinstance(cleaned, dict) and answers:
        # So that a field map's path reaches the answers: `rawRequest.q3_email`.
        flat.body = {**cleaned, "rawRequest": answers}
    for key, value in (answers or dict(post)).items():
        if not (question := _QUESTION.fullmatch(key)):
            continue
        number, name = question.groups()
        if isinstance(value, list):
            value = [item for item in value if not is_blank(item)]
        add_answer(flat, name, value, also=[key, f"q{number}"])
    flat.add("form_title", post.get("formTitle"))
    flat.add("ip", post.get("ip"))
    return flat


def _raw_request(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = clean(json.loads(value))
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
