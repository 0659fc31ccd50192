"""Permissions in words of the business, by area: what people tick on a group's page."""

from dataclasses import dataclass

from routing.access import EVERYBODY

VERBS = {"view": "See", "add": "Add", "change": "Change", "delete": "Remove"}


@dataclass(frozen=True, slots=True)
class Thing:
    """`model` is "app.model"; `verbs` are those that the console has for it, in the order of VERBS."""

    model: str
    label: str
    verbs: tuple[str, ...]
    says: str = ""

    def permission(self, verb: str) -> str:
        """ "app.verb_model" """
        app, name = self.model.split(".")
        return f"{app}.{verb}_{name}"


@dataclass(frozen=True, slots=True)
class Switch:
    """One permission that is no verb of one thing."""

    permission: str
    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Area:
    title: str
    things: tuple[Thing, ...]
    switches: tuple[Switch, ...] = ()


_LOOK = ("view",)
_KEEP = ("view", "add", "change")
_ALL = ("view", "add", "change", "delete")

AREAS = (
    Area(
        "Leads and exceptions",
        (
            Thing(
                "intake.lead",
                "Leads",
                ("view", "change"),
                "Change: contacted, reassign, disqualify, decline, correct what is known.",
            ),
            Thing(
                "intake.submission",
                "Submissions",
                ("view", "add"),
                "As they came in, and the figures of the hand-off over the API. Add: post to webhook forms with a token.",
            ),
            Thing(
                "exception_queue.exceptionitem",
                "Exceptions",
                ("view", "change"),
                "Change: claim, retry, resolve, dismiss, snooze, and say what is spam.",
            ),
            Thing("exception_queue.alertrule", "Alerts", _ALL, "Who hears of exceptions."),
        ),
        (
            Switch(
                EVERYBODY,
                "Everybody's",
                "All leads, people, rotations, queues and exceptions. Not ticked: one's own leads, the queues of one's team,"
                " and for the manager of a team what is the team's.",
            ),
        ),
    ),
    Area(
        "Who gets what",
        (
            Thing("routing.routingrule", "Rules", _ALL, "Also trying them out over the API."),
            Thing("routing.territory", "Territories", _ALL),
            Thing("routing.namedaccount", "Named accounts", _KEEP, "Add and change together: import a file."),
            Thing("routing.scoringrule", "Scoring", _ALL),
            Thing("routing.slapolicy", "Response times", _ALL),
            Thing("routing.routingsettings", "Settings", ("view", "change")),
            Thing("routing.ruleset", "Published versions", ("view", "add"), "Add: check and publish drafts."),
        ),
    ),
    Area(
        "People",
        (
            Thing("routing.owner", "Owners", _KEEP, "Change: also switch on and off, which moves leads."),
            Thing("routing.absence", "Absences", _ALL),
            Thing("routing.rotation", "Rotations", _KEEP),
            Thing("routing.team", "Teams", _KEEP),
            Thing("routing.queue", "Queues", _KEEP),
            Thing("routing.workcalendar", "Calendars", _KEEP),
        ),
    ),
    Area(
        "In and out",
        (
            Thing("intake.intakeform", "Forms", _KEEP),
            Thing("intake.valuealias", "Value aliases", _ALL),
            Thing("intake.blockedsender", "Blocked senders", _ALL),
            Thing("intake.testaddress", "Test addresses", _ALL, "Who comes in with one is a test lead."),
            Thing("intake.companyprofile", "Companies", _ALL),
            Thing("crm_sync.crmconnection", "CRM connections", _KEEP),
            Thing(
                "crm_sync.outboxentry", "Outbox", ("view", "change"), "Change: have what failed tried again."
            ),
            Thing("crm_sync.inboundevent", "Inbound events", _LOOK),
            Thing("crm_sync.reconciliation", "Comparisons with the CRM", _LOOK),
            Thing(
                "crm_sync.crmdifference", "Differences", ("view", "change"), "Change: have them put right."
            ),
            Thing("crm_sync.knowncontact", "Contacts in the CRM", _LOOK),
            Thing("crm_sync.account", "Accounts in the CRM", _LOOK),
            Thing("crm_sync.opendeal", "Deals in the CRM", _LOOK),
            Thing("crm_sync.borncontact", "Contacts made in the CRM", _LOOK),
            Thing("crm_sync.ownerlink", "CRM owners", _LOOK),
            Thing("crm_sync.crmproperty", "CRM properties", _LOOK),
        ),
    ),
    Area(
        "System",
        (
            Thing("auth.user", "People with access", _LOOK, "Only superusers change them."),
            Thing("auth.group", "Groups", _LOOK, "Only superusers change them."),
            Thing("leadops.operations", "Operations", _LOOK, "Metrics, and what readiness says in detail."),
            Thing("django_celery_beat.periodictask", "Scheduled tasks", _ALL),
            Thing("django_celery_beat.intervalschedule", "Intervals", _ALL),
            Thing("django_celery_beat.crontabschedule", "Crontabs", _ALL),
            Thing("django_celery_beat.clockedschedule", "Clocked times", _ALL),
            Thing("django_celery_beat.solarschedule", "Solar times", _ALL),
        ),
    ),
)


def permissions() -> set[str]:
    """Every permission that the table offers, as "app.verb_model"."""
    things = {thing.permission(verb) for area in AREAS for thing in area.things for verb in thing.verbs}
    return things | {switch.permission for area in AREAS for switch in area.switches}
