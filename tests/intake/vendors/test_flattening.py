"""Each vendor's body gives named values under the names that people know."""

import json

import pytest

from intake.vendors.field_map import Mapped, apply_field_map
from intake.vendors.flat import Flat
from intake.vendors.registry import VENDORS
from tests.intake.vendors import bodies


def flat_of(vendor: str, body: object) -> Flat:
    # Through JSON text and back, as it arrives.
    return VENDORS[vendor].flatten(json.loads(json.dumps(body)))


def mapped_of(vendor: str, body: object, **field_map: str) -> Mapped:
    return apply_field_map(flat_of(vendor, body), field_map, {})


def test_it_reads_typeform_answers_by_ref_id_and_title_and_hidden_fields_by_name():
    flat = flat_of("typeform", bodies.TYPEFORM)
    size = "How many people work at your company?"
    assert flat.event_id == "01H9Z0TYPEFORM"
    assert (
        flat.values["email"]
        == flat.values["DlXFaesGBpoF"]
        == flat.values["Your e-mail?"]
        == "jane@example.com"
    )
    assert flat.values[size] == flat.values["SMEUb7VJz92Q"] == "500-1000"
    assert flat.values["products"] == ["CRM Suite", "Analytics", "Chat"]
    assert flat.values["existing_customer"] is False
    assert flat.values["partner_id"] == "P-77"
    assert flat.values["score"] == 4
    assert flat.labels["email"] == "Your e-mail?"


def test_it_keeps_each_typeform_answer_once_under_its_readable_name():
    mapped = mapped_of("typeform", bodies.TYPEFORM)
    assert mapped.values == {
        "email": "jane@example.com",
        "first_name": "Jane",
        "phone": "+12125550100",
        "existing_customer": False,
        "utm_source": "partner",
        "submitted_at": "2026-11-18T18:17:02Z",
    }
    assert mapped.extra == {
        "How many people work at your company?": "500-1000",
        "products": ["CRM Suite", "Analytics", "Chat"],
        "partner_id": "P-77",
        "score": 4,
    }


def test_it_takes_the_token_of_a_typeform_response_when_the_delivery_has_no_id():
    body = {key: value for key, value in bodies.TYPEFORM.items() if key != "event_id"}
    assert flat_of("typeform", body).event_id == "a3a12ec67a1365927098a606107fac15"


def test_it_reads_webflow_labels_and_leaves_a_numeric_phone_a_number():
    mapped = mapped_of("webflow", bodies.WEBFLOW)
    assert mapped.values["first_name"] == "Zaphod"
    assert mapped.values["phone"] == 15550123
    assert flat_of("webflow", bodies.WEBFLOW).event_id == "6321ca84df3949bfc6752327"


def test_it_reads_the_first_version_of_webflow_as_well():
    body = {
        "name": "Contact",
        "site": "s1",
        "d": "2026-01-05T10:00:00Z",
        "_id": "58f5",
        "data": {"email": "z@example.com"},
    }
    assert mapped_of("webflow", body).values["email"] == "z@example.com"
    assert flat_of("webflow", body).event_id == "58f5"


def test_it_resolves_tally_choices_to_their_text_and_leaves_out_the_repeated_boxes():
    mapped = mapped_of("tally", bodies.TALLY)
    assert mapped.values == {
        "email": "bob@example.com",
        "country": "Deutschland",
        "utm_source": "newsletter",
        "submitted_at": "2026-11-18T15:00:21.000Z",
    }
    assert mapped.extra == {
        "Interests": ["CRM", "BI"],
        "Brief": "https://files.example.com/brief.pdf",
        "How often?": ["Calls: Daily"],
    }


def test_it_reads_jotform_answers_out_of_the_raw_request_part():
    flat = flat_of("jotform", bodies.JOTFORM)
    mapped = apply_field_map(flat, {"phoneNumber": "phone"}, {})
    assert flat.event_id == "5123456789012345678"
    assert mapped.values == {
        "email": "jane@example.com",
        "first_name": "Jane",
        "last_name": "Doe",
        "phone": "(212) 555-0100",
        "city": "Albany",
        "state": "NY",
        "postal_code": "12207",
        "country": "United States",
    }
    assert mapped.extra["startDate"] == "2027-03-04"
    assert mapped.extra["interests"] == ["CRM"]
    assert flat.values["q4_email"] == "jane@example.com"


def test_it_survives_a_jotform_raw_request_that_is_not_json():
    assert flat_of(
        "jotform", {"submissionID": "1", "rawRequest": "{broken", "q4_email": "a@example.com"}
    ).values == {
        "email": "a@example.com",
        "q4_email": "a@example.com",
        "q4": "a@example.com",
    }


def test_it_reads_wpforms_names_in_parts():
    mapped = mapped_of("wpforms", bodies.WPFORMS, **{"How many seats?": "extra.seats"})
    assert (mapped.values["first_name"], mapped.values["last_name"]) == ("Jane", "Doe")
    assert mapped.extra["seats"] == "25"


def test_it_addresses_gravity_forms_values_by_field_id():
    mapped = mapped_of(
        "gravityforms", bodies.GRAVITY_FORMS, **{"1.3": "first_name", "1.6": "last_name", "2": "email"}
    )
    assert mapped.values == {
        "first_name": "Jane",
        "last_name": "Doe",
        "email": "jane@example.com",
        "source_page": "https://www.acme.test/contact",
        "submitted_at": "2026-11-18 09:12:44",
    }
    assert str(flat_of("gravityforms", bodies.GRAVITY_FORMS).event_id).startswith("5512:")


def test_it_reads_elementor_bracket_keys():
    mapped = mapped_of("elementor", bodies.ELEMENTOR)
    assert mapped.values == {
        "email": "jane@example.com",
        "company": "Globex",
        "source_page": "https://www.acme.test/demo/",
    }
    assert VENDORS["elementor"].answer_status == 200


def test_it_reads_elementor_labels_when_advanced_data_is_off():
    body = {
        "Email": "jane@example.com",
        "form_id": "b3",
        "form_name": "Contact",
        "Page URL": "https://www.acme.test/x",
    }
    assert mapped_of("elementor", body).values == {
        "email": "jane@example.com",
        "source_page": "https://www.acme.test/x",
    }


def test_it_reads_contact_form_7_tag_names():
    mapped = mapped_of("cf7", bodies.CF7)
    assert mapped.values == {"full_name": "Jane Doe", "email": "jane@example.com", "message": "Call me"}
    assert mapped.extra == {"interest": "CRM"}


def test_it_reads_a_calendly_booking_and_tells_it_from_its_cancellation():
    mapped = mapped_of("calendly", bodies.CALENDLY)
    assert mapped.values["full_name"] == "Jane Doe"
    assert mapped.values["phone"] == "+1 212-555-0100"
    assert mapped.values["company"] == "Globex"
    assert mapped.values["utm_campaign"] == "spring"
    assert mapped.values["timezone"] == "America/New_York"
    assert mapped.extra["meeting_start"] == "2026-11-24T18:30:00.000000Z"
    canceled = {**bodies.CALENDLY, "event": "invitee.canceled"}
    assert flat_of("calendly", canceled).event_id != flat_of("calendly", bodies.CALENDLY).event_id


def test_it_prefers_the_work_address_of_a_google_lead_and_never_keeps_the_key():
    flat = flat_of("google_ads", bodies.GOOGLE_ADS)
    mapped = apply_field_map(flat, {}, {})
    assert mapped.values == {"full_name": "Jane Doe", "email": "jane@example.com", "gclid": "Cj0KCQ"}
    assert mapped.extra["EMAIL"] == "jane@gmail.com"
    assert flat.is_test
    assert "s3cret" not in json.dumps([flat.values, flat.body])


def test_it_splits_a_meta_post_into_its_leads_and_names_what_to_fetch():
    parts = VENDORS["meta"].split(bodies.META)
    flats = [flat_of("meta", part) for part in parts]
    assert [flat.reference for flat in flats] == ["444", "445"]
    assert [flat.event_id for flat in flats] == ["444", "445"]


def test_it_reads_a_fetched_meta_lead():
    flat = flat_of("meta", bodies.META_FETCHED)
    mapped = apply_field_map(flat, {}, {})
    assert flat.reference is None
    assert mapped.values["email"] == "jane@example.com"
    assert mapped.extra["which_plan?"] == ["pro", "team"]


def test_it_names_what_to_fetch_for_a_linkedin_notice_and_reads_the_fetched_answers():
    notice = flat_of("linkedin", bodies.LINKEDIN)
    assert notice.reference == "urn:li:leadGenFormResponse:0fe9a6b2-1"
    fetched = flat_of("linkedin", bodies.LINKEDIN_FETCHED)
    mapped = apply_field_map(fetched, {}, {})
    assert fetched.reference is None
    assert (mapped.values["first_name"], mapped.values["email"]) == ("Jane", "j@example.com")
    assert mapped.extra["Plan"] == "Pro"


def test_it_reads_hubspot_property_names():
    mapped = mapped_of("hubspot_form", bodies.HUBSPOT_FORM)
    assert mapped.values == {
        "email": "jane@example.com",
        "first_name": "Jane",
        "employee_count": "50+",
        "privacy_consent": True,
        "source_page": "https://www.acme.test/ebook",
        "submitted_at": 1795000000000,
    }
    assert mapped.extra == {"favourite_colour": "blue"}


def test_it_reads_a_contact_from_a_hubspot_workflow():
    body = {"vid": 5, "properties": {"firstname": {"value": "Jane"}, "email": "jane@example.com"}}
    assert mapped_of("hubspot_form", body).values == {"first_name": "Jane", "email": "jane@example.com"}


def test_it_names_nested_values_by_path_and_by_a_last_name_that_only_one_has():
    flat = flat_of("generic", bodies.GENERIC)
    assert flat.values["contact.email"] == flat.values["email"] == "jane@example.com"
    assert flat.values["contact.address.country"] == flat.values["country"] == "DE"
    assert "name" not in flat.values
    assert flat.values["company.name"] == "Globex"
    assert flat.values["partner_id"] == "P-77"
    assert flat.values["tags"] == ["a", "b"]


def test_it_takes_no_field_of_an_unknown_sender_for_the_id_of_the_delivery():
    # A hidden field with a fixed value would make every lead after the first a repetition.
    assert flat_of("generic", {"event_id": "lead", "submission_id": "1", "id": 7}).event_id is None


def test_it_lets_a_name_of_the_top_level_win_over_a_nested_one():
    flat = flat_of("generic", {"referral": {"email": "friend@example.com"}, "email": "jane@example.com"})
    assert flat.values["email"] == "jane@example.com"
    assert flat.values["referral.email"] == "friend@example.com"


def test_it_reads_php_lists_in_form_posts():
    assert flat_of("generic", {"interests[]": ["a", "b"], "user[email]": "x@example.com"}).values == {
        "interests": ["a", "b"],
        "user.email": "x@example.com",
        "email": "x@example.com",
    }


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_it_has_a_recorded_body_for_every_vendor_that_gives_values(vendor):
    for body in bodies.BODIES[vendor]:
        assert flat_of(vendor, body).values


def test_a_key_without_a_name_beside_bracket_keys_harms_nobody():
    body = {"": "x", "fields[email][value]": "a@b.example"}
    assert mapped_of("elementor", body).values["email"] == "a@b.example"


@pytest.mark.parametrize(("vendor", "key"), [("wpforms", "entry_id"), ("gravityforms", "id")])
def test_a_number_that_counts_on_one_site_is_known_by_what_was_said_under_it(vendor, key):
    def known_by(number, email="anna@eins-werk.example"):
        return flat_of(vendor, {key: number, "email": email}).event_id

    assert known_by("41") == known_by("41") is not None
    assert known_by("41") != known_by("41", "bert@zwei-werk.example")
    for nothing in ("0", 0, "00", "", None):
        assert known_by(nothing) is None
