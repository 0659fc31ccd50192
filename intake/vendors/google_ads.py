"""Google Ads lead forms: `user_column_data[]` by column id.

https://developers.google.com/google-ads/webhook/docs/implementation
"""

from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, text_of

_COLUMNS = {
    "FULL_NAME": "full_name",
    "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email",
    "WORK_EMAIL": "email",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE": "phone",
    "COMPANY_NAME": "company",
    "JOB_TITLE": "job_title",
    "POSTAL_CODE": "postal_code",
    "CITY": "city",
    "REGION": "state",
    "COUNTRY": "country",
}


def flatten(body: Any) -> Flat:
    """Values by column id, question and canonical name; a work address goes before a private one.

    The shared secret `google_key` is not among the values, nor in `body`, so that it is shown
    and mapped nowhere.
    """
    lead = {name: value for name, value in dict_of(body).items() if name != "google_key"}
    flat = Flat(body=lead)
    flat.event_id = text_of(lead.get("lead_id")) or None
    flat.is_test = lead.get("is_test") is True
    columns = dicts_of(lead.get("user_column_data"))
    for column in sorted(columns, key=lambda each: not text_of(each.get("column_id")).startswith("WORK_")):
        identifier, title = text_of(column.get("column_id")), text_of(column.get("column_name"))
        value = column.get("string_value")
        also = [_COLUMNS[identifier]] if identifier in _COLUMNS else []
        flat.add(identifier or title, value, also=also, label=title)
    flat.add("gclid", lead.get("gcl_id"))
    for name in ("campaign_id", "adgroup_id", "creative_id", "form_id"):
        flat.add(name, lead.get(name))
    return flat
