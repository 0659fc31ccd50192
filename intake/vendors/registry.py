"""The form vendors that leadops reads. One line each; a vendor's module says how its body is flattened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from intake.vendors import (
    calendly,
    cf7,
    elementor,
    generic,
    google_ads,
    gravityforms,
    hubspot_form,
    jotform,
    linkedin,
    meta,
    tally,
    typeform,
    webflow,
    wpforms,
)
from intake.vendors.flat import Flat


def _one(body: Any) -> list[Any]:
    return [body]


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one vendor's deliveries are read.

    `scheme` names the signature in `signatures.SCHEMES`; `split` gives one body per submission (Meta posts
    several at once); `answer_status` is the status the vendor needs to see for success.
    """

    title: str
    flatten: Callable[[Any], Flat]
    scheme: str = "token"
    split: Callable[[Any], list[Any]] = _one
    answer_status: int = 202


VENDORS: dict[str, Vendor] = {
    "generic": Vendor("Any form or program", generic.flatten),
    "typeform": Vendor("Typeform", typeform.flatten, "typeform"),
    "webflow": Vendor("Webflow", webflow.flatten, "webflow"),
    "tally": Vendor("Tally", tally.flatten, "tally"),
    "jotform": Vendor("Jotform", jotform.flatten),
    "wpforms": Vendor("WPForms", wpforms.flatten, "wpforms"),
    "gravityforms": Vendor("Gravity Forms", gravityforms.flatten),
    # Elementor shows the visitor an error for any other answer than exactly 200.
    "elementor": Vendor("Elementor", elementor.flatten, answer_status=200),
    "cf7": Vendor("Contact Form 7", cf7.flatten),
    "calendly": Vendor("Calendly", calendly.flatten, "calendly"),
    "google_ads": Vendor("Google Ads lead form", google_ads.flatten, "google_ads", answer_status=200),
    "meta": Vendor("Meta lead ads", meta.flatten, "meta", split=meta.split, answer_status=200),
    "linkedin": Vendor("LinkedIn lead forms", linkedin.flatten, "linkedin"),
    "hubspot_form": Vendor("HubSpot form", hubspot_form.flatten, "hubspot_v3"),
}
