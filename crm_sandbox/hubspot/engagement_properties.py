"""The properties of calls, e-mails, meetings and notes, as far as lead work meets them."""

from __future__ import annotations

from crm_sandbox.hubspot.default_choices import (
    CALL_DIRECTION,
    CALL_OUTCOME,
    CALL_STATUS,
    EMAIL_DIRECTION,
    EMAIL_STATUS,
    MEETING_OUTCOME,
)
from crm_sandbox.hubspot.property_definitions import choices, source, table
from crm_sandbox.wire import Json

_EVERY = """
hs_timestamp Activity date|datetime
hs_attachment_ids Attached file IDs|string
hubspot_owner_id Activity assigned to|enumeration owner
hubspot_owner_assigneddate Owner assigned date|datetime ro
hs_createdate Create date|datetime ro
hs_lastmodifieddate Last modified date|datetime ro
hs_object_id Record ID|number ro
"""
_CALL = """
hs_call_title Call title|string
hs_call_body Call notes|string
hs_call_duration Call duration|number
hs_call_from_number From number|string
hs_call_to_number To number|string
hs_call_recording_url Recording URL|string
"""
_EMAIL = """
hs_email_subject Email subject|string
hs_email_text Text body|string
hs_email_html Email body|string
hs_email_headers Email headers|string
"""
_MEETING = """
hs_meeting_title Meeting name|string
hs_meeting_body Meeting description|string
hs_internal_meeting_notes Internal meeting notes|string
hs_meeting_external_url External URL|string
hs_meeting_location Meeting location|string
hs_meeting_start_time Meeting start time|datetime
hs_meeting_end_time Meeting end time|datetime
hs_activity_type Call and meeting type|string
"""
_NOTE = "hs_note_body Note body|string"


def _kind(lines: str, *, group: str) -> dict[str, Json]:
    return table(lines, group=group) | table(_EVERY, group=group) | source(group=group)


PROPERTIES: dict[str, dict[str, Json]] = {
    "calls": _kind(_CALL, group="call")
    | choices("hs_call_direction", "Call direction", CALL_DIRECTION, group="call")
    | choices("hs_call_status", "Call status", CALL_STATUS, group="call")
    | choices("hs_call_disposition", "Call outcome", CALL_OUTCOME, group="call"),
    "emails": _kind(_EMAIL, group="email")
    | choices("hs_email_direction", "Email direction", EMAIL_DIRECTION, group="email")
    | choices("hs_email_status", "Email send status", EMAIL_STATUS, group="email"),
    "meetings": _kind(_MEETING, group="meeting")
    | choices("hs_meeting_outcome", "Meeting outcome", MEETING_OUTCOME, group="meeting"),
    "notes": _kind(_NOTE, group="note"),
}
GROUPS: dict[str, dict[str, str]] = {
    f"{name}s": {name: f"{name.capitalize()} information"} for name in ("call", "email", "meeting", "note")
}
