"""Contact Form 7 with a webhook plug-in: flat JSON of the form's tag names (`your-email`)."""

from typing import Any

from intake.vendors.flat import Flat, dict_of, one_or_many

_PREFIX = "your-"


def flatten(body: Any) -> Flat:
    """Values by tag name; `your-email` is also `email`, `your-name` also `full_name`; not `_wpcf7*`."""
    flat = Flat(body=body)
    for name, value in dict_of(body).items():
        if name.startswith("_wpcf7"):
            continue
        short = name.removeprefix(_PREFIX)
        also = [] if short == name else ["full_name" if short == "name" else short]
        flat.add(name, one_or_many(value) if isinstance(value, list) and value else value, also=also)
    return flat
