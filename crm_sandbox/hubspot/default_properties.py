"""The properties and groups that every HubSpot account has, as far as lead work meets them."""

from __future__ import annotations

from crm_sandbox.hubspot.default_choices import (
    BORN,
    BUYING_ROLE,
    DEAL_STAGE,
    IDEAL_CUSTOMER,
    LEAD_STATUS,
    LIFECYCLE,
    OBJECT_SOURCE,
    TASK_PRIORITY,
    TASK_STATUS,
    TASK_TYPE,
    YES_NO,
)
from crm_sandbox.wire import Json

FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "datetime": "date",
    "date": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
    "phone_number": "phonenumber",
}

# "name label|type flags"; flags: "ro" read-only, "unique", "owner"
_CONTACT = """
email Email|string unique
hs_additional_emails Additional email addresses|string
firstname First Name|string
lastname Last Name|string
phone Phone Number|string
mobilephone Mobile Phone Number|string
fax Fax Number|string
salutation Salutation|string
company Company Name|string
jobtitle Job Title|string
website Website URL|string
address Street Address|string
city City|string
state State/Region|string
zip Postal Code|string
country Country/Region|string
industry Industry|string
numemployees Number of Employees|string
annualrevenue Annual Revenue|string
message Message|string
hs_language Preferred language|string
hs_timezone Time Zone|string
hs_legal_basis Legal basis for processing contact's data|string
hs_analytics_source_data_1 Original Traffic Source Drill-Down 1|string ro
hs_email_domain Email Domain|string ro
hs_email_optout Unsubscribed from all email|bool
hubspot_owner_id Contact owner|enumeration owner
hubspot_owner_assigneddate Owner assigned date|datetime ro
notes_last_contacted Last Contacted|datetime ro
notes_last_updated Last Activity Date|datetime ro
hs_last_sales_activity_timestamp Last Engagement Date|datetime ro
num_contacted_notes Number of times contacted|number ro
num_notes Number of Sales Activities|number ro
num_associated_deals Number of Associated Deals|number ro
associatedcompanyid Primary Associated Company ID|number ro
first_deal_created_date First Deal Created Date|datetime ro
closedate Close Date|datetime
createdate Create Date|datetime ro
lastmodifieddate Last Modified Date|datetime ro
hs_merged_object_ids Merged Contact IDs|string ro
hs_object_id Record ID|number ro
"""
_COMPANY = """
name Company name|string
domain Company Domain Name|string
hs_additional_domains Additional Domains|string
hs_parent_company_id Parent Company|number ro
website Website URL|string
phone Phone Number|string
description Description|string
address Street Address|string
city City|string
state State/Region|string
zip Postal Code|string
country Country/Region|string
industry Industry|string
numberofemployees Number of Employees|number
annualrevenue Annual Revenue|number
timezone Time Zone|string
hubspot_owner_id Company owner|enumeration owner
hubspot_owner_assigneddate Owner assigned date|datetime ro
notes_last_contacted Last Contacted|datetime ro
createdate Create Date|datetime ro
hs_lastmodifieddate Last Modified Date|datetime ro
hs_object_id Record ID|number ro
"""
_DEAL = """
dealname Deal Name|string
amount Amount|number
closedate Close Date|datetime
description Deal Description|string
hs_is_closed Is Deal Closed?|bool ro
hs_is_closed_won Is Closed Won|bool ro
hs_deal_stage_probability Deal Probability|number ro
hubspot_owner_id Deal owner|enumeration owner
hubspot_owner_assigneddate Owner assigned date|datetime ro
createdate Create Date|datetime ro
hs_lastmodifieddate Last Modified Date|datetime ro
hs_object_id Record ID|number ro
"""
_TASK = """
hs_timestamp Due date|datetime
hs_task_subject Task Title|string
hs_task_body Notes|string
hs_task_reminders Reminders|string
hs_task_completion_date Completed at|datetime ro
hubspot_owner_id Assigned to|enumeration owner
hubspot_owner_assigneddate Owner assigned date|datetime ro
hs_createdate Create date|datetime ro
hs_lastmodifieddate Last modified date|datetime ro
hs_object_id Record ID|number ro
"""


def options(choices: tuple[tuple[str, str], ...]) -> list[Json]:
    return [
        {"label": label, "value": value, "description": "", "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(choices)
    ]


def _definition(*, name: str, label: str, type: str, group: str, flags: list[str]) -> Json:
    read_only = "ro" in flags
    made: Json = {
        "name": name,
        "label": label,
        "type": type,
        "fieldType": FIELD_TYPES[type],
        "description": "",
        "groupName": group,
        "options": options(YES_NO) if type == "bool" else [],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": "owner" in flags,
        "hasUniqueValue": "unique" in flags,
        "hidden": False,
        "hubspotDefined": True,
        "formField": not read_only,
        "archived": False,
        "createdAt": BORN,
        "updatedAt": BORN,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyOptions": True,
            "readOnlyValue": read_only,
        },
    }
    if "owner" in flags:
        made["referencedObjectType"] = "OWNER"
    return made


def _table(text: str, *, group: str) -> dict[str, Json]:
    made = {}
    for line in text.strip().splitlines():
        head, tail = line.split("|")
        name, label = head.split(" ", 1)
        type, *flags = tail.split()
        made[name] = _definition(name=name, label=label, type=type, group=group, flags=flags)
    return made


def _choices(
    name: str,
    label: str,
    choices: tuple[tuple[str, str], ...],
    *,
    group: str,
    field_type: str = "select",
    flags: tuple[str, ...] = (),
) -> dict[str, Json]:
    made = _definition(name=name, label=label, type="enumeration", group=group, flags=list(flags))
    return {name: made | {"options": options(choices), "fieldType": field_type}}


def _source(*, group: str) -> dict[str, Json]:
    """Where a record comes from."""
    texts = "hs_object_source_label Record source|string ro\nhs_object_source_id Record source ID|string ro"
    choices = _choices("hs_object_source", "Record source", OBJECT_SOURCE, group=group, flags=("ro",))
    return choices | _table(texts, group=group)


PROPERTIES: dict[str, dict[str, Json]] = {
    "contacts": _table(_CONTACT, group="contactinformation")
    | _choices("lifecyclestage", "Lifecycle Stage", LIFECYCLE, group="contactinformation", field_type="radio")
    | _choices("hs_lead_status", "Lead Status", LEAD_STATUS, group="sales_properties", field_type="radio")
    | _choices(
        "hs_buying_role", "Buying Role", BUYING_ROLE, group="contactinformation", field_type="checkbox"
    )
    | _source(group="contactinformation"),
    "companies": _table(_COMPANY, group="companyinformation")
    | _choices("lifecyclestage", "Lifecycle Stage", LIFECYCLE, group="companyinformation", field_type="radio")
    | _choices("hs_lead_status", "Lead Status", LEAD_STATUS, group="companyinformation", field_type="radio")
    | _choices(
        "hs_ideal_customer_profile", "Ideal Customer Profile Tier", IDEAL_CUSTOMER, group="companyinformation"
    )
    | _source(group="companyinformation"),
    "deals": _table(_DEAL, group="dealinformation")
    | _choices("pipeline", "Pipeline", (("default", "Sales Pipeline"),), group="dealinformation")
    | _choices("dealstage", "Deal Stage", DEAL_STAGE, group="dealinformation", field_type="radio")
    | _source(group="dealinformation"),
    "tasks": _table(_TASK, group="task")
    | _choices("hs_task_status", "Task Status", TASK_STATUS, group="task")
    | _choices("hs_task_priority", "Priority", TASK_PRIORITY, group="task")
    | _choices("hs_task_type", "Task Type", TASK_TYPE, group="task"),
}
GROUPS: dict[str, dict[str, str]] = {
    "contacts": {"contactinformation": "Contact information", "sales_properties": "Sales properties"},
    "companies": {"companyinformation": "Company information"},
    "deals": {"dealinformation": "Deal information"},
    "tasks": {"task": "Task information"},
}
