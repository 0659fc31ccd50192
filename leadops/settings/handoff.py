"""What the hand-off is made of: dotted paths in lists (rule 1)."""

from leadops.settings.environment import env

LEADOPS_PIPELINE = "leadops.pipeline.LEAD_PIPELINE"
LEADOPS_WAKE_UPS = "leadops.pipeline.WAKE_UPS"
LEADOPS_EXCEPTION_KINDS = [
    "intake.exception_kinds",
    "routing.exception_kinds",
    "crm_sync.exception_kinds",
    "exception_queue.exception_kinds",
    "leadops.exception_kinds",
]
LEADOPS_EXCEPTION_PAGES = "leadops.console.exception_pages.pages_of"
LEADOPS_ACCESS = "leadops.access.policy.rows_for"
LEADOPS_BEFORE_PUBLISHING = ["leadops.console.before_publishing.of_crms"]
LEADOPS_DOCTOR_CHECKS = [
    "intake.doctor.check_variables",
    "exception_queue.doctor.check_alerts",
    "routing.doctor.check_leavers",
    "crm_sync.doctor.check_connections",
    "leadops.configuration.doctor.check_idle_settings",
    "leadops.access.doctor.check_tokens",
    "leadops.access.doctor.check_older_tokens",
    "leadops.stored_secrets.check_stored_secrets",
    "leadops.backups.age.check_backups",
    "leadops.retention.progress.check_retention",
    "leadops.access.doctor.check_sign_on",
]
# Seconds that a notice waits for the primary CRM to show the right owner (0 without a CRM).
LEADOPS_NOTICE_GRACE: int = env.int("LEADOPS_NOTICE_GRACE", default=10)
# What a notice says that went out after the grace: routing does not know what it waited for.
LEADOPS_RECORD_BEHIND = "The CRM does not show this lead yet; it is being written there."
# Hours after which the open leads of somebody move who is unavailable: archived in the CRM, say.
LEADOPS_LEADS_LEAVE_AFTER: int = env.int("LEADOPS_LEADS_LEAVE_AFTER", default=24)
# Seconds that enrichment may take for a whole batch, whatever the number of domains.
LEADOPS_ENRICH_BUDGET: float = env.float("LEADOPS_ENRICH_BUDGET", default=1.0)
LEADOPS_ENRICHERS = ["intake.stages.enrichment.local_company_table"]
LEADOPS_BATCH_SIZE: int = env.int("LEADOPS_BATCH_SIZE", default=100)
# How long a lead waits for others at most while more than 30 a second come in, so that a CRM is called for many at once.
LEADOPS_GATHER_MS: int = env.int("LEADOPS_GATHER_MS", default=450)
