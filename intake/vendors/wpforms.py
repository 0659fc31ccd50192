"""WPForms webhooks: the keys that the form's owner chose, flat, with names and addresses in parts.

https://wpforms.com/docs/how-to-install-and-use-the-webhooks-addon-with-wpforms/
"""

from typing import Any

from intake.vendors.composites import add_answer
from intake.vendors.flat import Flat, dict_of, id_of_one_site, text_of
from intake.vendors.generic import unbracket


def flatten(body: Any) -> Flat:
    """Values by their keys; `entry_id` identifies the delivery where the owner sends it along."""
    flat = Flat(body=unbracket(body))
    post = dict_of(flat.body)
    flat.event_id = id_of_one_site(post.get("entry_id"), post)
    for name, value in post.items():
        if isinstance(value, dict) and "value" in value:
            add_answer(flat, name, value["value"], also=[text_of(value.get("id"))], label=value.get("name"))
        else:
            add_answer(flat, name, value)
    return flat
