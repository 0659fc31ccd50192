"""Calendly webhooks (v2): bookings, cancellations and no-shows; a reschedule is a cancellation and a booking.

https://developer.calendly.com/api-docs/webhook-payload
"""

from collections.abc import Mapping
from typing import Any

from intake.vendors.flat import Flat, dict_of, dicts_of, text_of


def flatten(body: Any) -> Flat:
    """The invitee, the questions by their words, the tracking parameters, and the meeting as `meeting_*`."""
    flat = Flat(body=body)
    delivery = dict_of(body)
    invitee = dict_of(delivery.get("payload"))
    event, uri = text_of(delivery.get("event")), text_of(invitee.get("uri"))
    # The invitee's address alone would make the cancellation a repetition of the booking.
    flat.event_id = f"{event}:{uri}" if uri else None
    flat.meeting = _news(event, invitee)
    flat.add("event", event)
    for name in ("email", "first_name", "last_name", "timezone"):
        flat.add(name, invitee.get(name))
    flat.add("full_name", invitee.get("name"))
    flat.add("phone", invitee.get("text_reminder_number"))
    flat.add("rescheduled", invitee.get("rescheduled"))
    for answer in dicts_of(invitee.get("questions_and_answers")):
        flat.add(answer.get("question"), answer.get("answer"), label=answer.get("question"))
    for name, value in dict_of(invitee.get("tracking")).items():
        flat.add(name, value)
    meeting = dict_of(invitee.get("scheduled_event"))
    flat.add("meeting_name", meeting.get("name"))
    flat.add("meeting_start", meeting.get("start_time"))
    flat.add("meeting_end", meeting.get("end_time"))
    flat.add("submitted_at", invitee.get("created_at") or delivery.get("created_at"))
    return flat


def _news(event: str, invitee: Mapping[str, Any]) -> str:
    """What it tells of a meeting that was booked before; "" for a booking."""
    if event == "invitee.canceled":
        return "replaced" if invitee.get("rescheduled") is True else "canceled"
    if event == "invitee.created":
        return "moved" if text_of(invitee.get("old_invitee")) else ""
    return {"invitee_no_show.created": "no_show", "invitee_no_show.deleted": "came"}.get(event, "")
