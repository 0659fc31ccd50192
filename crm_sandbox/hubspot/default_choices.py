"""The options of HubSpot's own properties, value and label, in their order."""

from __future__ import annotations

BORN = "2019-08-06T02:41:08.029Z"

LIFECYCLE = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
LEAD_STATUS = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
)
BUYING_ROLE = (
    ("BLOCKER", "Blocker"),
    ("BUDGET_HOLDER", "Budget Holder"),
    ("CHAMPION", "Champion"),
    ("DECISION_MAKER", "Decision Maker"),
    ("END_USER", "End User"),
    ("EXECUTIVE_SPONSOR", "Executive Sponsor"),
    ("INFLUENCER", "Influencer"),
    ("LEGAL_AND_COMPLIANCE", "Legal & Compliance"),
    ("OTHER", "Other"),
)
YES_NO = (("true", "Yes"), ("false", "No"))
TASK_STATUS = tuple(
    (value, value.replace("_", " ").title())
    for value in ("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED")
)
TASK_PRIORITY = (("NONE", "None"), ("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High"))
TASK_TYPE = (("EMAIL", "Email"), ("CALL", "Call"), ("TODO", "To-do"))
DEAL_STAGE = (
    ("appointmentscheduled", "Appointment Scheduled"),
    ("qualifiedtobuy", "Qualified To Buy"),
    ("presentationscheduled", "Presentation Scheduled"),
    ("decisionmakerboughtin", "Decision Maker Bought-In"),
    ("contractsent", "Contract Sent"),
    ("closedwon", "Closed Won"),
    ("closedlost", "Closed Lost"),
)
OBJECT_SOURCE = tuple(
    (value, value.replace("_", " ").capitalize())
    for value in ("CRM_UI", "IMPORT", "FORM", "INTEGRATION", "CONVERSATIONS", "MERGE_OBJECTS")
)
IDEAL_CUSTOMER = (("tier_1", "Tier 1"), ("tier_2", "Tier 2"), ("tier_3", "Tier 3"))
CALL_DIRECTION = (("INBOUND", "Inbound"), ("OUTBOUND", "Outbound"))
CALL_STATUS = tuple(
    (value, value.replace("_", " ").title())
    for value in (
        "BUSY",
        "CALLING_CRM_USER",
        "CANCELED",
        "COMPLETED",
        "CONNECTING",
        "FAILED",
        "IN_PROGRESS",
        "NO_ANSWER",
        "QUEUED",
        "RINGING",
    )
)
# HubSpot's own outcomes of calls have these ids in every account.
CALL_OUTCOME = (
    ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
    ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    ("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
    ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
    ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    ("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
)
EMAIL_DIRECTION = (
    ("EMAIL", "Outgoing Email"),
    ("INCOMING_EMAIL", "Incoming Email"),
    ("FORWARDED_EMAIL", "Forwarded Email"),
)
EMAIL_STATUS = tuple(
    (value, value.capitalize()) for value in ("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT")
)
MEETING_OUTCOME = (
    ("SCHEDULED", "Scheduled"),
    ("COMPLETED", "Completed"),
    ("RESCHEDULED", "Rescheduled"),
    ("NO_SHOW", "No Show"),
    ("CANCELED", "Canceled"),
)
