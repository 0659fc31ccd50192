"""Single sign-on in the browser: away to the provider, and back."""

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.generic import View

from leadops.access import openid, sign_on
from leadops.access.openid import SignInAttempt, SignOnFailed

log = logging.getLogger(__name__)

KEPT = "sign_on"
# Tabs in which somebody has clicked the button and not come back yet.
MOST_TABS = 5
PATIENCE = timedelta(minutes=10)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator(never_cache, name="dispatch")
class Away(View):
    """GET sends the browser to the provider."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        attempt = SignInAttempt.new()
        try:
            _set_up()
            address = openid.address_for(openid.discover(), attempt, back_to=_back_to())
        except SignOnFailed as failed:
            return _refused(request, failed)
        kept = {**asdict(attempt), "next": _next(request), "at": timezone.now().timestamp()}
        request.session[KEPT] = [*request.session.get(KEPT, []), kept][-MOST_TABS:]
        return HttpResponseRedirect(address)


@method_decorator(never_cache, name="dispatch")
class Back(View):
    """The provider sends the browser here with a code, or with an error."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            _set_up()
            kept = self._taken(request)
            if error := request.GET.get("error"):
                raise SignOnFailed(
                    "Nobody was signed in.",
                    detail=f"{error}: {request.GET.get('error_description', '')}"[:500],
                )
            attempt = SignInAttempt(kept["state"], kept["nonce"], kept["verifier"])
            claims = openid.claims_for(
                openid.discover(), attempt, code=request.GET.get("code", ""), back_to=_back_to()
            )
            user = sign_on.admit(claims, now=timezone.now())
        except SignOnFailed as failed:
            return _refused(request, failed)
        auth.login(request, user, backend=BACKEND)
        request.session.set_expiry(int(settings.LEADOPS_OIDC_SESSION_HOURS * 3600))
        log.info("User %s has signed in with %s", user.pk, settings.LEADOPS_OIDC_NAME)
        return HttpResponseRedirect(kept["next"] or resolve_url(settings.LOGIN_REDIRECT_URL))

    def _taken(self, request: HttpRequest) -> dict[str, Any]:
        """What this browser left with under the state that comes back. It counts once."""
        state, attempts = request.GET.get("state", ""), request.session.get(KEPT, [])
        found = [one for one in attempts if constant_time_compare(one["state"], state)]
        request.session[KEPT] = [one for one in attempts if one not in found]
        if not found or timezone.now().timestamp() - found[0]["at"] > PATIENCE.total_seconds():
            raise SignOnFailed("This sign-in was not begun here, or too long ago. Try again.")
        return dict(found[0])


def _set_up() -> None:
    if not openid.is_set_up():
        raise SignOnFailed("Single sign-on is not set up here.")


def _back_to() -> str:
    """The address that the provider knows of leadops."""
    return f"{settings.LEADOPS_PUBLIC_URL}{reverse('sign-on-back')}"


def _next(request: HttpRequest) -> str:
    address = request.GET.get("next", "")
    hosts = {request.get_host()}
    return (
        address if url_has_allowed_host_and_scheme(address, hosts, require_https=request.is_secure()) else ""
    )


def _refused(request: HttpRequest, failed: SignOnFailed) -> HttpResponse:
    log.warning("Nobody was signed in: %s", failed.detail)
    messages.error(request, failed.words)
    return HttpResponseRedirect(reverse("admin:login"))
