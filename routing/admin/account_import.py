"""The import page of named accounts: a file is shown as what it would change, then applied."""

import gzip
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from redis.exceptions import RedisError
from unfold.widgets import UnfoldAdminFileFieldWidget

from intake.csv_tables import UnreadableCsv, opened
from plumbing.admin_kit.tables import TablePage
from plumbing.breaker import AtRest
from plumbing.counting import counted
from routing.account_import import applying, comparing, reading
from routing.account_import.applying import AccountsChanged
from routing.account_import.comparing import AccountDifference
from routing.account_import.reading import AccountSheet

LARGEST = 30 * 1024 * 1024
SHOWN = 100
# A file waits so long for somebody to say yes, in seconds.
_KEPT = 3600
_LABELS = {"external_id": "id elsewhere", "owner_id": "owner", "postal_code": "postal code"}


class AccountFileForm(forms.Form):
    file = forms.FileField(
        label="File", widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.txt"})
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                f"The file is larger than {LARGEST // 1024 // 1024} MB: cut it in pieces."
            )
        return file


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was shown and not applied yet. It stays with whoever has sent it."""

    name: str
    user: Any
    body: bytes

    def sheet(self) -> AccountSheet:
        """Raises UnreadableCsv."""
        return _sheet(gzip.decompress(self.body))


class AccountImportPage(TablePage):
    """A page with an import of its own, in place of the usual one."""

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Asks for a file; POST shows what it would change. `?of=` says how far the applying of one is."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if "of" in request.GET:
            return TemplateResponse(
                request,
                "routing/account_import_progress.html",
                {"far": _far(request.GET["of"]), "of": request.GET["of"]},
            )
        form = AccountFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            body = form.cleaned_data["file"].read()
            try:
                sheet = _sheet(body)
            except UnreadableCsv as error:
                form.add_error("file", str(error))
            else:
                waiting = Waiting(form.cleaned_data["file"].name, request.user.pk, gzip.compress(body, 3))
                return self._shown(request, sheet, waiting, applying.preview(sheet))
        context = {"form": form, "title": "Import named accounts", "known": reading.COLUMNS}
        return self._page(request, "routing/account_import_ask.html", context)

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Applies the file that was shown, if it would still change the same."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        token = request.POST.get("token", "")
        waiting = _kept(token)
        if waiting is None or waiting.user != request.user.pk:
            messages.error(request, "The file is not kept any more: choose it again.")
            return HttpResponseRedirect(reverse("admin:routing_namedaccount_import"))
        sheet = waiting.sheet()
        user = request.user if isinstance(request.user, User) else None
        seen = request.POST.get("seen", "")

        def progress(done: int, total: int) -> None:
            _keep(f"{token}:far", (done, total))

        try:
            found = applying.apply(sheet, expected=seen, user=user, now=timezone.now(), progress=progress)
        except AccountsChanged as changed:
            messages.warning(
                request, "Accounts were changed since this was shown. This is what it would change now."
            )
            return self._shown(request, sheet, waiting, changed.difference)
        cache.delete_many([_key(token), _key(f"{token}:far")])
        messages.success(
            request, f"{waiting.name}: {counted(len(found.changes), 'account')} written ({found.sentence()})."
        )
        return HttpResponseRedirect(reverse("admin:routing_namedaccount_changelist"))

    def _shown(
        self, request: HttpRequest, sheet: AccountSheet, waiting: Waiting, found: AccountDifference
    ) -> HttpResponse:
        token = str(uuid4())
        if not _keep(token, waiting):
            messages.error(request, "The file cannot be kept at the moment: try again in a minute.")
            return HttpResponseRedirect(reverse("admin:routing_namedaccount_import"))
        owners = found.owners[:SHOWN]
        names = comparing.owner_names([*owners, *found.new[:SHOWN]])
        context = {
            "title": f"Import {waiting.name}",
            "sheet": sheet,
            "found": found,
            "token": token,
            "shown": SHOWN,
            "owners": [
                (one, names.get((one.before or {})["owner_id"] or 0), names.get(one.account.owner_id or 0))
                for one in owners
            ],
            "new": [(one, names.get(one.account.owner_id or 0)) for one in found.new[:SHOWN]],
            "others": [
                (one, ", ".join(_LABELS.get(name, name) for name in one.changed))
                for one in found.others[:SHOWN]
            ],
            "shared": found.shared[:SHOWN],
            "left_out": [*found.unknown_owners, *found.left_out],
            "left_out_shown": [*found.unknown_owners, *found.left_out][:SHOWN],
        }
        return self._page(request, "routing/account_import.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )


def _sheet(body: bytes) -> AccountSheet:
    with opened(BytesIO(body)) as csv_file:
        return reading.read(csv_file.text, note=csv_file.note)


def _key(token: str) -> str:
    return f"account-import:{token}"


def _keep(token: str, value: Any) -> bool:
    try:
        cache.set(_key(token), value, timeout=_KEPT)
    except (RedisError, AtRest, OSError):
        return False
    return True


def _kept(token: str) -> Waiting | None:
    try:
        found = cache.get(_key(str(UUID(token))))
    except (RedisError, AtRest, OSError, ValueError):
        return None
    return found if isinstance(found, Waiting) else None


def _far(token: str) -> tuple[int, int, int] | None:
    """Rows written, of how many, in percent."""
    try:
        done, total = cache.get(_key(f"{UUID(token)}:far")) or (0, 0)
    except (RedisError, AtRest, OSError, ValueError):
        return None
    return (done, total, round(100 * done / total)) if total else None
