"""Bodies as the vendors send them (shape by their documentation; the people are nobody)."""

import json

TYPEFORM = {
    "event_id": "01H9Z0TYPEFORM",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "submitted_at": "2026-11-18T18:17:02Z",
        "landed_at": "2026-11-18T18:07:02Z",
        "calculated": {"score": 9},
        "variables": [{"key": "score", "type": "number", "number": 4}],
        "hidden": {"utm_source": "partner", "partner_id": "P-77"},
        "definition": {
            "id": "lT4Z3j",
            "title": "Quote",
            "fields": [
                {"id": "DlXFaesGBpoF", "title": "Your e-mail?", "type": "email", "ref": "email"},
                {
                    "id": "SMEUb7VJz92Q",
                    "title": "How many people work at your company?",
                    "type": "multiple_choice",
                    "ref": "2f6f4a2a-1d5c-4f7e-9f3b-9a8f6f1f7c11",
                },
                {
                    "id": "JwWggjAKtOkA",
                    "title": "First name",
                    "type": "short_text",
                    "ref": "0d0e4a2a-1d5c-4f7e-9f3b-9a8f6f1f7c12",
                },
                {
                    "id": "k6TP9oLGgHjl",
                    "title": "Which products?",
                    "type": "multiple_choice",
                    "ref": "products",
                },
                {"id": "M5tXK5kG7IeA", "title": "Phone", "type": "phone_number", "ref": "phone"},
                {
                    "id": "PNe8ZKBK8C2Q",
                    "title": "Are you a customer?",
                    "type": "yes_no",
                    "ref": "existing_customer",
                },
            ],
        },
        "answers": [
            {
                "type": "email",
                "email": "jane@example.com",
                "field": {"id": "DlXFaesGBpoF", "type": "email", "ref": "email"},
            },
            {
                "type": "choice",
                "choice": {"id": "x1", "label": "500-1000", "ref": "r1"},
                "field": {
                    "id": "SMEUb7VJz92Q",
                    "type": "multiple_choice",
                    "ref": "2f6f4a2a-1d5c-4f7e-9f3b-9a8f6f1f7c11",
                },
            },
            {
                "type": "text",
                "text": "Jane",
                "field": {
                    "id": "JwWggjAKtOkA",
                    "type": "short_text",
                    "ref": "0d0e4a2a-1d5c-4f7e-9f3b-9a8f6f1f7c12",
                },
            },
            {
                "type": "choices",
                "choices": {"labels": ["CRM Suite", "Analytics"], "other": "Chat"},
                "field": {"id": "k6TP9oLGgHjl", "type": "multiple_choice", "ref": "products"},
            },
            {
                "type": "phone_number",
                "phone_number": "+12125550100",
                "field": {"id": "M5tXK5kG7IeA", "type": "phone_number", "ref": "phone"},
            },
            {
                "type": "boolean",
                "boolean": False,
                "field": {"id": "PNe8ZKBK8C2Q", "type": "yes_no", "ref": "existing_customer"},
            },
        ],
    },
}

WEBFLOW = {
    "triggerType": "form_submission",
    "payload": {
        "name": "Contact Us",
        "siteId": "65427cf400e02b306eaa049c",
        "data": {
            "First Name": "Zaphod",
            "Last Name": "Beeblebrox",
            "email": "z@example.com",
            "Phone": 15550123,
        },
        "submittedAt": "2026-11-14T12:40:11.121Z",
        "id": "6321ca84df3949bfc6752327",
        "formId": "65429eadebe8a9f3a30f62d0",
        "formElementId": "4e038d2c-6a1e-4953-7be9-a59a2b453177",
    },
}

TALLY = {
    "eventId": "a4cb511e-d513-4fa5-baee-b815d718dfd1",
    "eventType": "FORM_RESPONSE",
    "createdAt": "2026-11-18T15:00:21.889Z",
    "data": {
        "responseId": "2wgx4n",
        "submissionId": "2wgx4n",
        "formId": "VwbNEw",
        "formName": "Demo",
        "createdAt": "2026-11-18T15:00:21.000Z",
        "fields": [
            {"key": "question_mVGEg3", "label": "Email", "type": "INPUT_EMAIL", "value": "bob@example.com"},
            {
                "key": "question_nPpjVn",
                "label": "Country",
                "type": "DROPDOWN",
                "value": ["59b0"],
                "options": [{"id": "59b0", "text": "Deutschland"}, {"id": "77aa", "text": "Austria"}],
            },
            {
                "key": "question_3EKz4n",
                "label": "Interests",
                "type": "CHECKBOXES",
                "value": ["c1", "c2"],
                "options": [
                    {"id": "c1", "text": "CRM"},
                    {"id": "c2", "text": "BI"},
                    {"id": "c3", "text": "Chat"},
                ],
            },
            {"key": "question_3EKz4n_c1", "label": "Interests (CRM)", "type": "CHECKBOXES", "value": True},
            {"key": "question_3EKz4n_c3", "label": "Interests (Chat)", "type": "CHECKBOXES", "value": False},
            {"key": "question_mRVzEg", "label": "utm_source", "type": "HIDDEN_FIELDS", "value": "newsletter"},
            {"key": "question_empty", "label": "Company", "type": "INPUT_TEXT", "value": None},
            {
                "key": "question_file",
                "label": "Brief",
                "type": "FILE_UPLOAD",
                "value": [{"id": "f1", "name": "brief.pdf", "url": "https://files.example.com/brief.pdf"}],
            },
            {
                "key": "question_matrix",
                "label": "How often?",
                "type": "MATRIX",
                "value": {"r1": ["k1"]},
                "rows": [{"id": "r1", "text": "Calls"}],
                "columns": [{"id": "k1", "text": "Daily"}],
            },
        ],
    },
}

JOTFORM = {
    "formID": "223344556677",
    "submissionID": "5123456789012345678",
    "formTitle": "Contact",
    "ip": "203.0.113.9",
    "pretty": "Name:Jane Doe, E-mail:jane@example.com",
    "rawRequest": json.dumps(
        {
            "slug": "submit/223344556677/",
            "q3_name": {"first": "Jane", "last": "Doe"},
            "q4_email": "jane@example.com",
            "q5_phoneNumber": {"full": "(212) 555-0100"},
            "q6_address": {
                "addr_line1": "1 Main St",
                "addr_line2": "",
                "city": "Albany",
                "state": "NY",
                "postal": "12207",
                "country": "United States",
            },
            "q7_startDate": {"month": "3", "day": "4", "year": "2027"},
            "q8_interests": ["CRM", ""],
            "event_id": "1600_223344556677",
        }
    ),
}

WPFORMS = {
    "email": "jane@example.com",
    "name": {"first": "Jane", "middle": "", "last": "Doe"},
    "How many seats?": "25",
    "entry_id": "881",
}

GRAVITY_FORMS = {
    "id": "5512",
    "form_id": "3",
    "date_created": "2026-11-18 09:12:44",
    "is_starred": 0,
    "ip": "203.0.113.9",
    "source_url": "https://www.acme.test/contact",
    "user_agent": "Mozilla/5.0",
    "1.3": "Jane",
    "1.6": "Doe",
    "2": "jane@example.com",
    "3": "",
}

ELEMENTOR = {
    "form[id]": "b3d1c9a",
    "form[name]": "Contact",
    "fields[email][id]": "email",
    "fields[email][type]": "email",
    "fields[email][title]": "Your e-mail",
    "fields[email][value]": "jane@example.com",
    "fields[email][raw_value]": "jane@example.com",
    "fields[email][required]": "1",
    "fields[field_8a1][id]": "field_8a1",
    "fields[field_8a1][title]": "Company",
    "fields[field_8a1][value]": "Globex",
    "meta[page_url][title]": "Page URL",
    "meta[page_url][value]": "https://www.acme.test/demo/",
    "meta[remote_ip][value]": "203.0.113.9",
}

CF7 = {
    "your-name": "Jane Doe",
    "your-email": "jane@example.com",
    "your-message": "Call me",
    "interest": ["CRM"],
    "_wpcf7": "120",
    "_wpcf7_unit_tag": "wpcf7-f120-o1",
}

CALENDLY = {
    "event": "invitee.created",
    "created_at": "2026-11-20T20:00:00.000000Z",
    "created_by": "https://api.calendly.com/users/AAAAAAAAAAAAAAAA",
    "payload": {
        "cancel_url": "https://calendly.com/cancellations/AAAA",
        "created_at": "2026-11-20T19:59:59.000000Z",
        "email": "jane@example.com",
        "first_name": None,
        "last_name": None,
        "name": "Jane Doe",
        "new_invitee": None,
        "old_invitee": None,
        "questions_and_answers": [
            {"question": "Company", "answer": "Globex", "position": 0},
            {"question": "What should we prepare?", "answer": "Prices", "position": 1},
        ],
        "rescheduled": False,
        "status": "active",
        "text_reminder_number": "+1 212-555-0100",
        "timezone": "America/New_York",
        "tracking": {"utm_campaign": "spring", "utm_source": "newsletter", "utm_term": None},
        "uri": "https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2/invitees/AAAAAAAAAAAAAAAA",
        "scheduled_event": {
            "name": "Demo",
            "start_time": "2026-11-24T18:30:00.000000Z",
            "end_time": "2026-11-24T19:00:00.000000Z",
        },
    },
}

GOOGLE_ADS = {
    "lead_id": "TeSter-123-ABC",
    "user_column_data": [
        {"column_name": "Full Name", "string_value": "Jane Doe", "column_id": "FULL_NAME"},
        {"column_name": "User Email", "string_value": "jane@gmail.com", "column_id": "EMAIL"},
        {"column_name": "Work Email", "string_value": "jane@example.com", "column_id": "WORK_EMAIL"},
        {"column_name": "Which plan?", "string_value": "Pro", "column_id": "which_plan"},
    ],
    "api_version": "1.0",
    "form_id": 40000000000,
    "campaign_id": 123123123,
    "google_key": "s3cret",
    "is_test": True,
    "gcl_id": "Cj0KCQ",
    "adgroup_id": 20000000000,
}

META = {
    "object": "page",
    "entry": [
        {
            "id": "153125381133",
            "time": 1795000000,
            "changes": [
                {
                    "field": "leadgen",
                    "value": {
                        "leadgen_id": "444",
                        "page_id": "153",
                        "form_id": "555",
                        "created_time": 1795000000,
                    },
                },
                {"field": "leadgen", "value": {"leadgen_id": "445", "page_id": "153", "form_id": "555"}},
            ],
        },
        {"id": "153125381133", "time": 1795000001, "changes": [{"field": "feed", "value": {"item": "post"}}]},
    ],
}

META_FETCHED = {
    "id": "444",
    "created_time": "2026-11-18T08:49:14+0000",
    "ad_id": "6061",
    "form_id": "555",
    "field_data": [
        {"name": "full_name", "values": ["Jane Doe"]},
        {"name": "work_email", "values": ["jane@example.com"]},
        {"name": "which_plan?", "values": ["pro", "team"]},
    ],
}

LINKEDIN = {
    "type": "LEAD_ACTION",
    "leadGenFormResponse": "urn:li:leadGenFormResponse:0fe9a6b2-1",
    "leadGenForm": "urn:li:leadGenForm:3162",
    "leadType": "SPONSORED",
    "leadAction": "CREATED",
    "occurredAt": 1795000000000,
}

LINKEDIN_FETCHED = {
    "id": "0fe9a6b2-1",
    "submittedAt": 1795000000000,
    "testLead": False,
    "formResponse": {
        "answers": [
            {
                "questionId": 1,
                "name": "firstName",
                "answerDetails": {"textQuestionAnswer": {"answer": "Jane"}},
            },
            {
                "questionId": 2,
                "name": "workEmail",
                "answerDetails": {"textQuestionAnswer": {"answer": "j@example.com"}},
            },
            {
                "questionId": 3,
                "name": "Plan",
                "answerDetails": {"multipleChoiceAnswer": {"options": ["Pro"]}},
            },
        ]
    },
}

HUBSPOT_FORM = {
    "submittedAt": 1795000000000,
    "conversionId": "8f5a2e",
    "fields": [
        {"objectTypeId": "0-1", "name": "email", "value": "jane@example.com"},
        {"objectTypeId": "0-1", "name": "firstname", "value": "Jane"},
        {"objectTypeId": "0-1", "name": "numemployees", "value": "50+"},
        {"objectTypeId": "0-1", "name": "favourite_colour", "value": "blue"},
    ],
    "context": {"hutk": "f00", "pageUri": "https://www.acme.test/ebook", "pageName": "E-book"},
    "legalConsentOptions": {"consent": {"consentToProcess": True, "text": "I agree"}},
}

GENERIC = {
    "event_id": "evt-1",
    "contact": {"email": "jane@example.com", "name": "Jane Doe", "address": {"country": "DE"}},
    "company": {"name": "Globex", "size": 500},
    "utm_source": "partner",
    "tags": ["a", "b"],
    "custom": [{"name": "partner_id", "label": "Partner", "value": "P-77"}],
}

BODIES = {
    "generic": [GENERIC],
    "typeform": [TYPEFORM],
    "webflow": [WEBFLOW],
    "tally": [TALLY],
    "jotform": [JOTFORM],
    "wpforms": [WPFORMS],
    "gravityforms": [GRAVITY_FORMS],
    "elementor": [ELEMENTOR],
    "cf7": [CF7],
    "calendly": [CALENDLY],
    "google_ads": [GOOGLE_ADS],
    "meta": [META, META_FETCHED],
    "linkedin": [LINKEDIN, LINKEDIN_FETCHED],
    "hubspot_form": [HUBSPOT_FORM],
}
