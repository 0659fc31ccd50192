"""Who may post to a form: the key and the origin, or a webhook's signature or token, or an API token for submitting."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from intake import credentials
from intake.models import IntakeForm
from leadops.api.tokens import ApiTokenAuthentication, Scope
from plumbing.signatures import BadSignature

log = logging.getLogger(__name__)


class FormSender(BaseAuthentication):
    """`request.auth` is the form (the view's `form`); nobody is a user here. The view learns the `signature` that was checked.

    A public form takes a browser from its allowed origins, and whoever sends no `Origin`; a webhook form takes its vendor's
    signature or its own token, or an API token with the scope `submit` of somebody who may add submissions. A preflight
    asks about the origin only.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, IntakeForm]:
        form: IntakeForm = request.parser_context["view"].form
        origin = request.META.get("HTTP_ORIGIN")
        if request.method == "OPTIONS" or form.kind == IntakeForm.Kind.PUBLIC:
            if not credentials.origin_allowed(form, origin):
                raise PermissionDenied(
                    f"{origin} is not among the allowed origins of this form. Add it there."
                )
            return AnonymousUser(), form
        try:
            request.parser_context["view"].signature = credentials.check_sender(
                form,
                headers={name.lower(): value for name, value in request._request.headers.items()},
                body=request._request.body,
                method=str(request.method),
                uri=f"{settings.LEADOPS_PUBLIC_URL}{request.get_full_path()}",
                now=timezone.now(),
            )
        except BadSignature as error:
            if _may_submit(request):
                return AnonymousUser(), form
            log.warning("A submission to %s was refused: %s", form.key, error)
            raise AuthenticationFailed("The signature or token is missing or wrong.") from None
        return AnonymousUser(), form

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _may_submit(request: Request) -> bool:
    """Whether the request has an API token for submitting. Its user counts for nothing else: nobody acts in a submission."""
    try:
        found = ApiTokenAuthentication().authenticate(request)
    except AuthenticationFailed:
        return False
    if found is None:
        return False
    user, token = found
    return bool(Scope.SUBMIT in token.scopes and user.is_staff and user.has_perm("intake.add_submission"))


class FormSenderScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document says it: nothing, or one of two."""

    target_class = "leadops.api.senders.FormSender"
    name = ["formToken", "vendorSignature"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{}, *({name: []} for name in (*self.name, "tokenAuth"))]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        token = {
            "type": "http",
            "scheme": "bearer",
            "description": "The form's own token, for servers that post to it or ask what became of their submissions.",
        }
        signature = {
            "type": "apiKey",
            "in": "header",
            "name": "X-Signature",
            "description": "The signature of the form's vendor over the raw body, in the vendor's own header "
            "(`Typeform-Signature`, `x-webflow-signature`, `Tally-Signature`, ...).",
        }
        return [token, signature]
