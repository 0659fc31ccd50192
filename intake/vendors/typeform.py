"""Typeform webhooks: answers by ref, id and question; hidden fields by name.

https://www.typeform.com/developers/webhooks/example-payload/
"""

import re
from collections.abc import Mapping
from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, one_or_many, text_of

# Typeform gives a question a UUID for a ref unless somebody names it: then the question says more than the
# ref.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def flatten(body: Any) -> Flat:
    """Values of `form_response`; `event_id` is the delivery's, or the response's token without it."""
    flat = Flat(body=body)
    event = dict_of(body)
    response = dict_of(event.get("form_response"))
    flat.event_id = text_of(event.get("event_id")) or text_of(response.get("token")) or None
    questions: dict[str, Mapping[str, Any]] = {}
    for question in dicts_of(dict_of(response.get("definition")).get("fields")):
        for key in (question.get("id"), question.get("ref")):
            if text_of(key):
                questions[text_of(key)] = question
    for answer in dicts_of(response.get("answers")):
        asked = dict_of(answer.get("field"))
        identifier, ref = text_of(asked.get("id")), text_of(asked.get("ref"))
        question = questions.get(identifier) or questions.get(ref) or {}
        title = text_of(question.get("title")) or text_of(asked.get("title"))
        names = [ref, title, identifier] if ref and not _UUID.fullmatch(ref) else [title, ref, identifier]
        own, *others = [name for name in names if name] or [""]
        flat.add(own, answer_value(answer), also=others, label=title)
    for source in ("hidden", "variables"):
        values = response.get(source)
        for name, value in dict_of(values).items():
            flat.add(name, value)
        for variable in dicts_of(values):
            flat.add(variable.get("key"), variable.get(text_of(variable.get("type"))))
    flat.add("submitted_at", response.get("submitted_at"))
    return flat


def answer_value(answer: Mapping[str, Any]) -> Any:
    """The value of an answer, which stands under the key that its `type` names."""
    kind = text_of(answer.get("type"))
    value = answer.get(kind)
    if kind == "choice":
        choice = dict_of(value)
        return choice.get("label") or choice.get("other")
    if kind == "choices":
        chosen = dict_of(value)
        labels = chosen.get("labels")
        picked = [*(labels if isinstance(labels, list) else []), chosen.get("other")]
        return one_or_many([label for label in picked if label is not None]) if any(picked) else None
    return value
