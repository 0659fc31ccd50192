"""The properties and groups that every HubSpot account has, as far as lead work meets them."""

from __future__ import annotations

from crm_sandbox.hubspot import engagement_properties
from crm_sandbox.hubspot.default_choices import (
    BUYING_ROLE,
    DEAL_STAGE,
    IDEAL_CUSTOMER,
    LEAD_STATUS,
    LIFECYCLE,
    TASK_PRIORITY,
    TASK_STATUS,
    TASK_TYPE,
)
from crm_sandbox.hubspot.property_definitions import choices, source, table
from crm_sandbox.wire import Json

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
hs_sales_email_last_replied Recent Sales Email Replied Date|datetime ro
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
hs_merged_object_ids Merged Company IDs|string ro
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
notes_last_updated Last Activity Date|datetime ro
num_contacted_notes Number of times contacted|number ro
num_notes Number of Sales Activities|number ro
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
notes_last_contacted Last Contacted|datetime ro
notes_last_updated Last Activity Date|datetime ro
num_contacted_notes Number of times contacted|number ro
num_notes Number of Sales Activities|number ro
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


PROPERTIES: dict[str, dict[str, Json]] = {
    "contacts": table(_CONTACT, group="contactinformation")
    | choices("lifecyclestage", "Lifecycle Stage", LIFECYCLE, group="contactinformation", field_type="radio")
    | choices("hs_lead_status", "Lead Status", LEAD_STATUS, group="sales_properties", field_type="radio")
    | choices("hs_buying_role", "Buying Role", BUYING_ROLE, group="contactinformation", field_type="checkbox")
    | source(group="contactinformation"),
    "companies": table(_COMPANY, group="companyinformation")
    | choices("lifecyclestage", "Lifecycle Stage", LIFECYCLE, group="companyinformation", field_type="radio")
    | choices("hs_lead_status", "Lead Status", LEAD_STATUS, group="companyinformation", field_type="radio")
    | choices(
        "hs_ideal_customer_profile", "Ideal Customer Profile Tier", IDEAL_CUSTOMER, group="companyinformation"
    )
    | source(group="companyinformation"),
    "deals": table(_DEAL, group="dealinformation")
    | choices("pipeline", "Pipeline", (("default", "Sales Pipeline"),), group="dealinformation")
    | choices("dealstage", "Deal Stage", DEAL_STAGE, group="dealinformation", field_type="radio")
    | source(group="dealinformation"),
    "tasks": table(_TASK, group="task")
    | choices("hs_task_status", "Task Status", TASK_STATUS, group="task")
    | choices("hs_task_priority", "Priority", TASK_PRIORITY, group="task")
    | choices("hs_task_type", "Task Type", TASK_TYPE, group="task"),
} | engagement_properties.PROPERTIES
GROUPS: dict[str, dict[str, str]] = {
    "contacts": {"contactinformation": "Contact information", "sales_properties": "Sales properties"},
    "companies": {"companyinformation": "Company information"},
    "deals": {"dealinformation": "Deal information"},
    "tasks": {"task": "Task information"},
} | engagement_properties.GROUPS
