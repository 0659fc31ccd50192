"""Elementor Pro's webhook action: bracket keys (`fields[email][value]`), or labels with "advanced data" off.

https://developers.elementor.com/docs/form-actions/
"""

from typing import Any

from intake.vendors.flat import Flat, dict_of
from intake.vendors.generic import unbracket

_META = {"page_url": "source_page", "remote_ip": "ip"}
_PLAIN_META = {"form_id", "form_name", "Date", "Time", "User Agent", "Powered by"}


def flatten(body: Any) -> Flat:
    """Values by field id and title; the page is `source_page`."""
    flat = Flat(body=unbracket(body))
    post = dict_of(flat.body)
    if not isinstance(post.get("fields"), dict):
        for label, value in post.items():
            if label not in _PLAIN_META:
                flat.add(label, value, also=["source_page"] if label == "Page URL" else [])
        return flat
    for key, field in dict_of(post.get("fields")).items():
        if isinstance(field, dict):
            flat.add(key, field.get("value"), also=[field.get("id")], label=field.get("title"))
        else:
            flat.add(key, field)
    for key, entry in dict_of(post.get("meta")).items():
        if key in _META:
            flat.add(_META[key], entry.get("value") if isinstance(entry, dict) else entry, also=[key])
    return flat
