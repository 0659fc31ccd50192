"""The second step in the browser: asked for between password and console, and set up on a page of one's own."""

import logging
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, auth, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View
from unfold.widgets import UnfoldAdminTextInputWidget

from leadops.access import second_step

log = logging.getLogger(__name__)

KEPT = "half_way_in"
KEY = "second_step_key"
PATIENCE = timedelta(minutes=10)
BACKEND = "django.contrib.auth.backends.ModelBackend"
WRONG = "This code is not right, was used before, or came too soon after a wrong one. Wait for the next one."


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=30,
        widget=UnfoldAdminTextInputWidget(
            attrs={
                "autocomplete": "one-time-code",
                "autofocus": True,
                "inputmode": "text",
                "spellcheck": "false",
            }
        ),
    )


def after_password(request: HttpRequest, user: User, *, following: str) -> HttpResponse:
    """A right password: in, or on to the second step. Nobody is logged in until that is done."""
    is_on = second_step.is_on(user)
    if not is_on and not second_step.is_required(user):
        auth.login(request, user, backend=BACKEND)
        return HttpResponseRedirect(following)
    request.session.cycle_key()
    request.session[KEPT] = {"user": user.pk, "at": timezone.now().timestamp(), "next": following}
    return HttpResponseRedirect(reverse("login-code" if is_on else "second-step"))


def half_way_in(request: HttpRequest) -> User | None:
    """Whose password was right a moment ago."""
    kept = request.session.get(KEPT)
    if kept is None or timezone.now().timestamp() - kept["at"] > PATIENCE.total_seconds():
        return None
    return User.objects.filter(pk=kept["user"], is_active=True, is_staff=True).first()


def _let_in(request: HttpRequest, user: User) -> str:
    """Log in; where to go then."""
    following: str = request.session[KEPT]["next"]
    del request.session[KEPT]
    auth.login(request, user, backend=BACKEND)
    return following


@method_decorator([never_cache, sensitive_post_parameters("code")], name="dispatch")
class LoginCode(View):
    """Asks for the code between password and console."""

    http_method_names = ["get", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = half_way_in(request)
        if user is None:
            return HttpResponseRedirect(reverse("admin:login"))
        self.person = user
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._asked(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if form.is_valid() and second_step.accepts(self.person, form.cleaned_data["code"]):
            return HttpResponseRedirect(_let_in(request, self.person))
        log.warning("A wrong code for user %s", self.person.pk)
        form.add_error("code", WRONG)
        return self._asked(form)

    def _asked(self, form: CodeForm) -> HttpResponse:
        context = {**admin.site.each_context(self.request), "title": "Second step", "form": form}
        return TemplateResponse(self.request, "leadops/signing_in/code.html", context)


@method_decorator([never_cache, sensitive_post_parameters("code")], name="dispatch")
class SecondStep(View):
    """One's own: switch it on, get new recovery codes, switch it off. Whoever must have one meets it before the console."""

    http_method_names = ["get", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = request.user if isinstance(request.user, User) and request.user.is_staff else None
        self.is_inside = user is not None
        user = user or half_way_in(request)
        # Whoever has one and is not in yet has to show it, not to replace it.
        if user is None or (not self.is_inside and second_step.is_on(user)):
            return HttpResponseRedirect(reverse("admin:login"))
        self.person = user
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._shown(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        code = form.cleaned_data["code"] if form.is_valid() else ""
        if not second_step.is_on(self.person):
            if codes := second_step.confirm(self.person, self._key(), code):
                request.session.pop(KEY, None)
                return self._codes(codes, _let_in(request, self.person) if not self.is_inside else "")
        elif code and second_step.accepts(self.person, code):
            if "remove" not in request.POST:
                return self._codes(second_step.new_codes(self.person), "")
            if not second_step.is_required(self.person):
                second_step.remove(self.person)
                log.info("User %s has switched the second step off", self.person.pk)
                messages.success(request, "The second step is off: your password is enough again.")
            return HttpResponseRedirect(reverse("second-step"))
        form.add_error("code", WRONG)
        return self._shown(form)

    def _key(self) -> str:
        """Of the app that is being set up: it stays the same until its first code has come."""
        session = self.request.session
        key: str = session.get(KEY) or session.setdefault(KEY, second_step.new_key())
        return key

    def _codes(self, codes: list[str], following: str) -> HttpResponse:
        """Shown once, and kept as hashes."""
        log.info("User %s has a second step with new recovery codes", self.person.pk)
        return self._page({"codes": codes, "following": following or resolve_url("admin:index")})

    def _shown(self, form: CodeForm) -> HttpResponse:
        is_on = second_step.is_on(self.person)
        more: dict[str, Any] = {
            "form": form,
            "is_on": is_on,
            "is_required": second_step.is_required(self.person),
        }
        if is_on:
            more["left"] = second_step.codes_left(self.person)
        else:
            key = self._key()
            more |= {"picture": second_step.picture(self.person, key), "typed": second_step.typed(key)}
        return self._page(more)

    def _page(self, more: dict[str, Any]) -> HttpResponse:
        context = {**admin.site.each_context(self.request), "title": "Second step of your login", **more}
        name = "second_step" if self.request.user.is_authenticated else "second_step_outside"
        return TemplateResponse(self.request, f"leadops/signing_in/{name}.html", context)
