"""The order in which a submission becomes a handed-off lead. Start reading here.

Each line is a function over a batch of submissions (`intake.batch.Batch`). `manage.py show_pipeline` prints where each one
lives. Everything below TRANSACTION happens in one database transaction and never goes on the wire.
"""

from intake.pipeline import TRANSACTION

LEAD_PIPELINE = [
    "intake.stages.normalize",  # canonical values, phone, country, name parts
    "intake.stages.validate",  # required fields, consent, form rules
    "intake.stages.screen_spam",  # honeypot, blocklists, disposable domains, velocity
    "intake.stages.enrich",  # company facts: one call per distinct domain, one time budget per batch
    "crm_sync.stages.look_up",  # what the CRM knows of them: the mirror, and one call for those it does not know
    TRANSACTION,  # from here on one database transaction, and no wire
    "intake.stages.deduplicate",  # find or create the Lead; ambiguous -> created, linked, reviewed afterwards
    "routing.stages.score",  # points with reasons -> hot / warm / cold / disqualified
    "routing.stages.route",  # rules -> rotation / owner / queue; the pick under the rotation's lock
    "routing.stages.start_sla",  # first-response clock, due_at frozen
    "routing.stages.notify_owner",  # a notice row
    "crm_sync.stages.queue_push",  # one pending outbox row per lead and connection
]

# Called after the pipeline's transaction has committed: nudges only, never work.
WAKE_UPS = [
    "routing.tasks.wake_notices",
    "crm_sync.tasks.wake_outbox",
]
