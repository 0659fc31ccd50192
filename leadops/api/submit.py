"""POST /api/v1/forms/{form_key}/submissions: from a request to a durable submission."""

import re
from collections.abc import Sequence
from typing import Any, NoReturn

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from prometheus_client import Counter, Histogram
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from intake import accept, credentials
from intake.models import IntakeForm
from intake.vendors.clean import clean_text
from leadops import disk
from leadops.api.documents import problems
from leadops.api.parsers import (
    ByMediaType,
    SubmittedForm,
    SubmittedJson,
    SubmittedMultipart,
    parse_body,
    read_body,
)
from leadops.api.problems import ApiProblem, no_space
from leadops.api.senders import FormSender
from leadops.api.submit_serializers import PARAMETERS, REQUEST, TAKEN, SubmissionAcceptedSerializer
from leadops.api.throttle import FormThrottle
from leadops.client_address import client_address

# Kept with the submission. Credentials, cookies and whatever nobody will ever need stay out.
KEPT_HEADERS = {
    name: f"HTTP_{name.upper().replace('-', '_')}"
    for name in ("user-agent", "referer", "origin", "accept-language", "idempotency-key")
}
MOST_KEY_CHARACTERS = 255
MOST_TYPE_CHARACTERS = 200
_BY_KEY = f"SELECT * FROM {IntakeForm._meta.db_table} WHERE key = %s"
_FORM_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
refused = Counter(
    "leadops_submissions_refused_total", "Submissions that were refused before storing", ["form", "why"]
)
# Its fields are made once; nothing of an answer is kept in it.
_accepted = SubmissionAcceptedSerializer()
answered = Histogram("leadops_submission_seconds", "From a submission's arrival to its answer")


class SubmitView(APIView):
    """A request without session, user or permission: `form` says who may post, and what of."""

    authentication_classes = (FormSender,)
    permission_classes = ()
    parser_classes = (SubmittedJson, SubmittedForm, SubmittedMultipart)
    throttle_classes = (FormThrottle,)
    content_negotiation_class = ByMediaType
    http_method_names = ["post", "options"]

    form: IntakeForm | None = None
    raw_body = b""
    signature = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with answered.time():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The form and the body before anything else: the sender is judged by both."""
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method), "Submissions are posted.")
        self.form = form_named(kwargs["form_key"])
        if request.method == "POST":
            if not self.form.active:
                raise ApiProblem(409, f"The form “{self.form.name}” is switched off.")
            if self.form.kind == IntakeForm.Kind.CRM:
                raise ApiProblem(409, f"The form “{self.form.name}” takes contacts from a CRM, and no posts.")
            if (room := disk.room()) is not None and room.is_none:
                raise no_space()
            self.raw_body = read_body(request._request)
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="submit",
        summary="Submit a form",
        description="Answered once the submission is committed. Any shape: the form's vendor and field map say what is "
        "what; canonical names are taken as they are, everything else is kept under `extra`. A form can ask for status 200 "
        "or a redirect to its thank-you page. Browsers may ask first (`OPTIONS`, 204): an `Origin` that the form allows is "
        "answered with CORS headers.",
        tags=["submissions"],
        parameters=PARAMETERS,
        request=REQUEST,
        responses={**TAKEN, **problems(400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 507)},
    )
    def post(self, request: Request, form_key: str) -> HttpResponseBase:
        """202 once the submission is committed; a problem otherwise."""
        assert self.form is not None
        envelope = self._envelope(request)
        # DRF takes an empty body for an empty object, whatever its media type says.
        parsed: Any = request.data if self.raw_body else parse_body(b"", envelope.content_type)
        try:
            accepted = accept.accept(self.form, envelope, parsed, now=timezone.now())
        except accept.KeyReused as error:
            raise ApiProblem(422, str(error)) from None
        return _answer(self.form, accepted)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """A browser's preflight."""
        headers = {
            "Access-Control-Allow-Methods": ", ".join(self.allowed_methods),
            "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
            "Access-Control-Max-Age": "600",
        }
        return Response(status=204, headers=headers)

    @cached_property
    def ip(self) -> str | None:
        """The sender's address."""
        return client_address(self.request._request)

    def _envelope(self, request: Request) -> accept.Envelope:
        meta = request.META
        key = clean_text(meta.get("HTTP_IDEMPOTENCY_KEY", "").strip())
        if len(key) > MOST_KEY_CHARACTERS:
            raise ApiProblem(422, f"An Idempotency-Key has at most {MOST_KEY_CHARACTERS} characters.")
        content_type = clean_text(meta.get("CONTENT_TYPE", ""))
        if len(content_type) > MOST_TYPE_CHARACTERS:
            raise ApiProblem(415, f"A Content-Type has at most {MOST_TYPE_CHARACTERS} characters.")
        coding = meta.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if coding not in ("", "identity"):
            raise ApiProblem(
                415,
                f"A body in the encoding {coding} is not taken. Send it as it is.",
                headers={"Accept-Encoding": "identity"},
            )
        kept = {name: clean_text(meta[key]) for name, key in KEPT_HEADERS.items() if key in meta}
        return accept.Envelope(
            body=self.raw_body,
            content_type=content_type,
            headers={"content-type": content_type, **kept} if content_type else kept,
            ip=self.ip,
            idempotency_key=key,
            signature=self.signature,
        )

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        seconds = int(wait or 1)
        raise ApiProblem(
            429,
            f"This form has had all the submissions that it takes in a minute. Try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if self.form is not None:
            refused.labels(form=self.form.key, why=str(response.status_code)).inc()
        return response

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Nothing of an answer may be run or framed by anybody.
        return {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """With what browsers have to know: who may read it, and which methods there are."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == 405 or request.method == "OPTIONS":
            finished["Allow"] = ", ".join(self.allowed_methods)
        if origin := request.META.get("HTTP_ORIGIN"):
            finished["Vary"] = "Origin"
            if self.form is not None and credentials.origin_allowed(self.form, origin):
                finished["Access-Control-Allow-Origin"] = origin
                finished["Access-Control-Expose-Headers"] = "Idempotent-Replayed, Retry-After"
        return finished


def form_named(key: str) -> IntakeForm:
    """The form, or a 404."""
    # Written out: building this query anew was a quarter of a request's processor time.
    rows = IntakeForm.objects.raw(_BY_KEY, [key]) if _FORM_KEY.fullmatch(key) else ()
    form = next(iter(rows), None)
    if form is None:
        raise ApiProblem(404, f"There is no form “{key}”.")
    return form


def _answer(form: IntakeForm, accepted: Sequence[accept.Accepted]) -> HttpResponseBase:
    first = accepted[0]
    replayed = {"Idempotent-Replayed": "true"} if first.replayed else {}
    if first.errors:
        raise ApiProblem(422, "Some values are missing or wrong.", errors=first.errors, headers=replayed)
    status = accept.answer_status(form)
    if status == IntakeForm.SuccessStatus.SEE_OTHER and form.thank_you_url:
        return HttpResponseRedirect(form.thank_you_url, status=303, headers=replayed)
    if status == IntakeForm.SuccessStatus.SEE_OTHER:
        status = IntakeForm.SuccessStatus.ACCEPTED
    return Response(_accepted.to_representation(first.submission), status=status, headers=replayed)
