"""Gravity Forms webhooks add-on: an entry, whose keys are field ids such as `"1.3"`.

https://docs.gravityforms.com/entry-object/
"""

from typing import Any

from intake.vendors.flat import Flat, dict_of, id_of_one_site

# Bookkeeping of the entry itself, which no form owner asks for.
_BOOKKEEPING = {
    "id",
    "form_id",
    "post_id",
    "date_created",
    "date_updated",
    "is_starred",
    "is_read",
    "user_agent",
    "status",
    "currency",
    "payment_status",
    "payment_date",
    "payment_amount",
    "payment_method",
    "transaction_id",
    "transaction_type",
    "is_fulfilled",
    "created_by",
    "is_approved",
    "source_id",
}


def flatten(body: Any) -> Flat:
    """Values by field id; the page is `source_page`, the creation time (UTC) is `submitted_at`."""
    flat = Flat(body=body)
    entry = dict_of(body)
    flat.event_id = id_of_one_site(entry.get("id"), entry)
    for name, value in entry.items():
        if name not in _BOOKKEEPING:
            flat.add(name, value, also=["source_page"] if name == "source_url" else [])
    flat.add("submitted_at", entry.get("date_created"))
    return flat
