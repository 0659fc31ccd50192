"""How the console looks and what its sidebar offers (django-unfold's settings)."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import lazy

Item = dict[str, Any]
# Every page compares every link of the sidebar with every link of the tabs; addresses never change while a process runs.
address = lazy(cache(reverse), str)


def environment(request: HttpRequest) -> list[str] | None:
    """The label beside the title: where mistakes are cheap, it says so."""
    if settings.DEBUG:
        return ["Debug", "danger"]
    return ["Demo", "info"] if settings.LEADOPS_DEMO else None


def _static(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)


def _may_look(app: str, name: str) -> Callable[[HttpRequest], bool]:
    """Whether a viewer sees the list: everybody has their own API tokens, and no permission is needed for them."""
    if (app, name) == ("leadops", "apitoken"):
        return lambda request: request.user.is_staff
    return lambda request: request.user.has_perm(f"{app}.view_{name}")


def _page(title: str, icon: str, model: str, **more: Any) -> Item:
    """A sidebar entry for the list of a model ("app.model"), for those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": address(f"admin:{app}_{name}_changelist"),
        "permission": _may_look(app, name),
        **more,
    }


def _tabs(*pages: tuple[str, str]) -> Item:
    """Lists that belong together and share one sidebar entry."""
    items = []
    for title, model in pages:
        app, name = model.split(".")
        items.append(
            {
                "title": title,
                "link": address(f"admin:{app}_{name}_changelist"),
                "permission": _may_look(app, name),
            }
        )
    return {"models": [model for _, model in pages], "items": items}


def account_menu(request: HttpRequest) -> list[Item]:
    """What everybody finds below their own name."""
    mine = {"title": "My API tokens", "link": f"{reverse('admin:leadops_apitoken_changelist')}?whose=mine"}
    password = {"title": "Change password", "link": reverse("admin:password_change")}
    has_one = request.user.is_authenticated and request.user.has_usable_password()
    step = {"title": "Second step", "link": reverse("second-step")}
    return [mine, *([password, step] if has_one else [])]


SIDEBAR = [
    {
        "items": [
            {"title": "Home", "icon": "monitoring", "link": address("admin:index")},
            _page("Leads", "contacts", "intake.lead"),
            _page(
                "Exceptions",
                "emergency_home",
                "exception_queue.exceptionitem",
                badge="leadops.console.badges.open_exceptions",
                badge_variant="danger",
            ),
        ],
    },
    {
        "title": "Who gets what",
        "separator": True,
        "items": [
            _page("Rules", "alt_route", "routing.routingrule"),
            _page("Territories", "public", "routing.territory"),
            _page("Named accounts", "domain", "routing.namedaccount"),
            _page("Scoring", "speed", "routing.scoringrule"),
            _page("Response times", "timer", "routing.slapolicy"),
        ],
    },
    {
        "title": "People",
        "separator": True,
        "items": [
            _page("Rotations", "autorenew", "routing.rotation"),
            _page("Owners", "badge", "routing.owner"),
            _page("Teams", "groups", "routing.team"),
            _page("Queues", "inbox", "routing.queue"),
            _page("Calendars", "calendar_month", "routing.workcalendar"),
        ],
    },
    {
        "title": "In and out",
        "separator": True,
        "items": [
            _page("Forms", "dynamic_form", "intake.intakeform"),
            _page("Submissions", "move_to_inbox", "intake.submission"),
            _page("Value aliases", "translate", "intake.valuealias"),
            _page("CRM connections", "sync_alt", "crm_sync.crmconnection"),
            _page("What the CRM knows", "cloud", "crm_sync.knowncontact"),
        ],
    },
    {
        "title": "System",
        "separator": True,
        "collapsible": True,
        "items": [
            _page("Alerts", "notifications_active", "exception_queue.alertrule"),
            _page("People with access", "manage_accounts", "auth.user"),
            _page("API tokens", "key", "leadops.apitoken"),
            _page("Schedules", "schedule", "django_celery_beat.periodictask"),
            {"title": "API reference", "icon": "api", "link": "/api/docs/"},
        ],
    },
]

TABS = [
    _tabs(
        ("Rules", "routing.routingrule"),
        ("Settings", "routing.routingsettings"),
        ("Published", "routing.ruleset"),
    ),
    _tabs(
        ("Value aliases", "intake.valuealias"),
        ("Blocked senders", "intake.blockedsender"),
        ("Test addresses", "intake.testaddress"),
        ("Companies", "intake.companyprofile"),
    ),
    _tabs(
        ("Connections", "crm_sync.crmconnection"),
        ("Outbox", "crm_sync.outboxentry"),
        ("Inbound events", "crm_sync.inboundevent"),
        ("Comparisons", "crm_sync.reconciliation"),
        ("Differences", "crm_sync.crmdifference"),
        ("CRM owners", "crm_sync.ownerlink"),
        ("CRM properties", "crm_sync.crmproperty"),
    ),
    _tabs(
        ("Contacts there", "crm_sync.knowncontact"),
        ("Made there", "crm_sync.borncontact"),
        ("Accounts there", "crm_sync.account"),
        ("Deals there", "crm_sync.opendeal"),
    ),
    _tabs(("Owners", "routing.owner"), ("Absences", "routing.absence")),
    _tabs(("People with access", "auth.user"), ("Groups", "auth.group")),
    _tabs(
        ("Tasks", "django_celery_beat.periodictask"),
        ("Intervals", "django_celery_beat.intervalschedule"),
        ("Crontabs", "django_celery_beat.crontabschedule"),
        ("Clocked", "django_celery_beat.clockedschedule"),
        ("Solar", "django_celery_beat.solarschedule"),
    ),
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "leadops",
    "SITE_HEADER": "leadops",
    "SITE_SUBHEADER": "Lead hand-off",
    "SITE_SYMBOL": "alt_route",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("leadops/favicon.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "leadops.console.navigation.environment",
    "DASHBOARD_CALLBACK": "leadops.console.home.dashboard.callback",
    "ACCOUNT": {"navigation": account_menu},
    "STYLES": [_static("leadops/console.css"), _static("leadops/screens.css")],
    "SCRIPTS": [_static("leadops/moments.js"), _static("leadops/autofocus.js")],
    "LOGIN": {"image": _static("leadops/login.svg")},
    "COMMAND": {"search_callback": "leadops.console.command_palette.find", "show_history": True},
    "SIDEBAR": {"show_search": False, "command_search": True, "navigation": SIDEBAR},
    "TABS": TABS,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # Tailwind's indigo: white text on 600 has a contrast of 6.3.
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(58.5% .233 277.117)",
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        },
    },
}
