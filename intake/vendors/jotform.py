"""Jotform webhooks: a multipart post whose `rawRequest` part is JSON text with keys such as `q3_email`.

https://www.jotform.com/help/245-how-to-setup-a-webhook-with-jotform/
"""

import re
from typing import Any

from intake.notes import Note, add_note
from intake.vendors.clean import clean, is_blank
from intake.vendors.composites import add_answer
from intake.vendors.flat import Flat, dict_of, text_of
from intake.vendors.json_text import decode

_QUESTION = re.compile(r"q(\d+)_(.+)", re.DOTALL)


def flatten(body: Any) -> Flat:
    """Values by their unique name (`q3_email` is also `email`) and by `q3`."""
    flat = Flat(body=body)
    post = dict_of(body)
    flat.event_id = text_of(post.get("submissionID")) or text_of(post.get("submission_id")) or None
    answers = _raw_request(post.get("rawRequest"), flat.notes)
    if answers:
        # So that a field map's path reaches the answers: `rawRequest.q3_email`.
        flat.body = {**post, "rawRequest": answers}
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


def _raw_request(value: Any, notes: list[Note]) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = clean(decode(value, notes), notes)
        except (ValueError, RecursionError):
            message = "Jotform's rawRequest is not valid JSON, so its answers are not read."
            add_note(notes, Note("rawRequest", "unreadable", message))
            return {}
    return value if isinstance(value, dict) else {}
