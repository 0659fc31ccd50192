"""The exceptions screen: what do I fix next, and how?"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.widgets import SELECT_CLASSES

from exception_queue import alerts, grouping
from exception_queue.admin import acting, screen
from exception_queue.admin.screen import View
from exception_queue.models import ExceptionItem, load_pages
from exception_queue.pages import Link, Panel
from plumbing import access, dotted
from plumbing.admin_kit.pages import ReadOnlyPage
from plumbing.admin_kit.people import name_of
from plumbing.whole_numbers import whole_number

ROWS_PER_PAGE = 50
SELECT = " ".join(SELECT_CLASSES)


@admin.register(ExceptionItem)
class ExceptionPage(ReadOnlyPage):
    """Everything is written through the writers of the queue; this only asks them to."""

    search_fields = ["subject_label", "cause"]

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("act/", "exception_queue_exceptionitem_act", self.act),)

    def may_act(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("exception_queue.change_exceptionitem"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Causes; with ?group= the rows of one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        by, now = name_of(request.user), timezone.now()
        theirs = self.get_queryset(request)
        counts = grouping.counts(theirs, by=by)
        view = View.of(request.GET, counts)
        rows = screen.items_of(theirs, view, by=by, now=now)
        context = {
            **self.admin_site.each_context(request),
            "title": "Exceptions",
            "view": view,
            "tabs": _tabs(view, counts),
            "kinds": screen.kind_choices(),
            "ages": [(key, words) for key, (words, _) in screen.AGES.items()],
            "may_act": self.may_act(request),
            "act_url": reverse("admin:exception_queue_exceptionitem_act"),
            "here": request.get_full_path(),
            "select_class": SELECT,
            **(extra_context or {}),
        }
        cards = screen.cards(rows, view, user=request.user)
        if view.group:
            if not cards:
                return HttpResponseRedirect(view.query(group="") if view.tab else ".")
            page = Paginator(rows.order_by("-last_seen_at", "-id"), ROWS_PER_PAGE).get_page(
                request.GET.get("p")
            )
            context |= {"card": cards[0], "page": page, "rows": self._rows(page.object_list, request.user)}
            context["back_link"] = view.query(group="")
            return TemplateResponse(request, "exception_queue/group.html", context)
        context |= {"cards": cards, "unheard": alerts.kinds_nobody_hears() if not cards else []}
        return TemplateResponse(request, "exception_queue/screen.html", context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One exception with what to do, what it is about and what was done."""
        item = self.get_object(request, object_id) if object_id else None
        if item is None:
            raise Http404("This exception is not there.")
        if not self.has_view_permission(request, item):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": item.described_kind.title,
            "item": item,
            "row": self._rows([item], request.user)[0],
            "severity_icon": screen.SEVERITY_ICONS[item.described_kind.severity],
            "is_open": item.status in ExceptionItem.UNRESOLVED,
            "may_act": self.may_act(request),
            "panel": _panel(item, request.user),
            "is_mine": item.claimed_by == name_of(request.user),
            "act_url": reverse("admin:exception_queue_exceptionitem_act"),
            "here": request.get_full_path(),
        }
        return TemplateResponse(request, "exception_queue/item.html", context)

    def act(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Claim, release, retry, resolve, dismiss or snooze what was chosen; what hides or settles asks first."""
        if not self.may_act(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:exception_queue_exceptionitem_changelist"))
        asked = request.POST
        verb, now = asked.get("verb", ""), timezone.now()
        back = _back(request)
        # A button of one row says verb and group in one value: "claim:crm.rejected|0af3".
        verb, _, only = verb.partition(":")
        if verb not in acting.VERBS or asked.get("for", "1h") not in acting.SNOOZES:
            raise Http404("There is no such action.")
        items = self._chosen(request, only)
        count = items.count()
        if not count:
            messages.warning(request, "Nothing was chosen, or somebody else was faster.")
            return _go(request, back)
        if acting.asks(verb, count=count) and "sure" not in asked:
            return self._ask(request, verb, items, count=count, only=only, back=back)
        said = acting.act(
            verb,
            items,
            by=name_of(request.user),
            note=asked.get("note", "").strip(),
            snooze_for=asked.get("for", "1h"),
            now=now,
            chosen_options=asked.getlist("option"),
        )
        if said.done:
            messages.success(request, said.done)
        for refusal in said.refusals:
            messages.error(request, refusal)
        return _go(request, back)

    def _chosen(self, request: HttpRequest, only: str) -> screen.Items:
        """What the buttons are about: these rows, or these groups within the view that was on the screen."""
        asked, theirs = request.POST, access.rows_for(request.user, ExceptionItem.objects.all(), "act")
        if (number := whole_number(only)) is not None:
            return theirs.filter(pk=number, status__in=ExceptionItem.UNRESOLVED)
        pks = [pk for text in asked.getlist("item") if (pk := whole_number(text)) is not None]
        if pks and not only:
            return theirs.filter(pk__in=pks, status__in=ExceptionItem.UNRESOLVED)
        by = name_of(request.user)
        view = View.of(QueryDict(asked.get("view", "").lstrip("?")), grouping.counts(theirs, by=by))
        rows = screen.items_of(theirs, view, by=by, now=timezone.now())
        return screen.in_groups(rows, [only] if only else asked.getlist("group"))

    def _ask(
        self, request: HttpRequest, verb: str, items: screen.Items, *, count: int, only: str, back: str
    ) -> HttpResponse:
        label, consequences = acting.question(verb, items)
        context = {
            **self.admin_site.each_context(request),
            "title": acting.title(label, count=count),
            "verb": f"{verb}:{only}" if only else verb,
            "label": label,
            "consequences": consequences,
            "options": acting.options(verb, items).items(),
            "select_class": SELECT,
            "is_snooze": verb == "snooze",
            "snoozes": [(key, words) for key, (words, _) in acting.SNOOZES.items()],
            "chosen": [("item", pk) for pk in request.POST.getlist("item")]
            + [("group", key) for key in request.POST.getlist("group")],
            "view_query": request.POST.get("view", ""),
            "samples": items.order_by("-last_seen_at")[:5],
            "more": max(0, count - 5),
            "act_url": reverse("admin:exception_queue_exceptionitem_act"),
            "back": back,
        }
        return TemplateResponse(request, "exception_queue/ask.html", context)

    def _rows(self, items: Any, user: Any) -> list[dict[str, Any]]:
        listed = list(items)
        load_pages(listed)

        known: dict[str, bool] = {}

        def allowed(step: Link | None) -> Link | None:
            if step is not None and step.url not in known:
                known[step.url] = screen.may_take(step, user)
            return step if step is not None and known[step.url] else None

        notes: dict[int, list[Any]] = {item.pk: [] for item in listed}
        for item in ExceptionItem.objects.filter(pk__in=notes).prefetch_related("notes").only("pk"):
            notes[item.pk] = list(item.notes.all())
        return [
            {
                "item": item,
                "step": allowed(screen.next_step(item)),
                "own_step": allowed(screen.own_step(item)),
                "says": screen.said_of(item),
                "evidence": [link for link in item.pages.related if allowed(link)],
                "details": screen.details(item),
                "notes": notes[item.pk],
            }
            for item in listed
        ]


def _panel(item: ExceptionItem, user: Any) -> Panel | None:
    path = item.described_kind.panel
    found: Panel | None = dotted.resolve(path)(item, user) if path else None
    return found


def _tabs(view: View, counts: grouping.Counts) -> list[dict[str, Any]]:
    numbers = {
        "mine": counts.mine,
        "unclaimed": counts.unclaimed,
        "snoozed": counts.snoozed,
        "all": counts.unresolved,
    }
    titles = {"mine": "Mine", "unclaimed": "Unclaimed", "snoozed": "Snoozed", "all": "All open"}
    return [
        {
            "title": titles[tab],
            "count": numbers[tab],
            "link": view.query(tab=tab, group=""),
            "active": tab == view.tab,
        }
        for tab in screen.TABS
    ]


def _back(request: HttpRequest) -> str:
    """Where the person was; never another site."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}):
        return asked
    return reverse("admin:exception_queue_exceptionitem_changelist")


def _go(request: HttpRequest, back: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": back})
    return HttpResponseRedirect(back)
