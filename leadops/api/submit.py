"""POST /api/v1/forms/{form_key}/submissions: from a request to a durable submission.

A plain Django view: nothing is between the socket and the row that does not have to be.
"""

import logging
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Counter

from intake import accept, bodies, credentials
from intake.models import IntakeForm
from leadops.api import throttle
from leadops.api.problems import ApiProblem, answer
from plumbing.signatures import BadSignature

log = logging.getLogger(__name__)

ALLOWED_METHODS = "POST, OPTIONS"
# Kept with the submission. Credentials, cookies and whatever nobody will ever need stay out.
KEPT_HEADERS = ("content-type", "user-agent", "referer", "origin", "accept-language", "idempotency-key")
MOST_KEY_CHARACTERS = 255
MOST_TYPE_CHARACTERS = 200
refused = Counter(
    "leadops_submissions_refused_total", "Submissions that were refused before storing", ["form", "why"]
)


@csrf_exempt
def submit(request: HttpRequest, form_key: str) -> HttpResponse:
    """202 once the submission is committed; a problem otherwise."""
    form = IntakeForm.objects.filter(key=form_key).first()
    origin = request.headers.get("Origin")
    try:
        if form is None:
            raise ApiProblem(404, f"There is no form “{form_key}”.")
        response = _preflight(form, origin) if request.method == "OPTIONS" else _take(request, form, origin)
    except ApiProblem as problem:
        if form is not None:
            refused.labels(form=form.key, why=str(problem.status)).inc()
        response = answer(problem)
    if form is not None and origin and credentials.origin_allowed(form, origin):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "Idempotent-Replayed, Retry-After"
    if origin:
        response["Vary"] = "Origin"
    return response


def _take(request: HttpRequest, form: IntakeForm, origin: str | None) -> HttpResponse:
    if request.method != "POST":
        raise ApiProblem(405, "Submissions are posted.", headers={"Allow": ALLOWED_METHODS})
    if not form.active:
        raise ApiProblem(409, f"The form “{form.name}” is switched off.")
    body = _body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    _check_sender(request, form, origin, headers, body)
    ip = throttle.client_ip(request)
    throttle.check(form, ip)
    key = headers.get("idempotency-key", "").strip()
    if len(key) > MOST_KEY_CHARACTERS:
        raise ApiProblem(422, f"An Idempotency-Key has at most {MOST_KEY_CHARACTERS} characters.")
    content_type = request.headers.get("Content-Type", "")
    if len(content_type) > MOST_TYPE_CHARACTERS:
        raise ApiProblem(415, f"A Content-Type has at most {MOST_TYPE_CHARACTERS} characters.")
    envelope = accept.Envelope(
        body=body,
        content_type=content_type,
        headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        ip=ip,
        idempotency_key=key,
    )
    try:
        accepted = accept.accept(form, envelope, now=timezone.now())
    except bodies.MalformedBody as error:
        raise ApiProblem(400, str(error)) from None
    except bodies.UnsupportedMedia as error:
        raise ApiProblem(415, str(error)) from None
    except accept.KeyReused as error:
        raise ApiProblem(422, str(error)) from None
    return _answer(form, accepted)


def _body(request: HttpRequest) -> bytes:
    declared = request.headers.get("Content-Length") or "0"
    if declared.isdigit() and int(declared) > bodies.MAX_BYTES:
        raise _too_large()
    # Django sees no body where no length is declared; the server underneath takes chunks apart.
    chunked = request.headers.get("Transfer-Encoding", "").lower() == "chunked"
    stream = request.environ["wsgi.input"] if chunked and isinstance(request, WSGIRequest) else request
    body: bytes = stream.read(bodies.MAX_BYTES + 1)
    if len(body) > bodies.MAX_BYTES:
        raise _too_large()
    return body


def _too_large() -> ApiProblem:
    return ApiProblem(413, f"A submission has at most {bodies.MAX_BYTES // 1024} KiB.")


def _check_sender(
    request: HttpRequest, form: IntakeForm, origin: str | None, headers: Mapping[str, str], body: bytes
) -> None:
    if form.kind == IntakeForm.Kind.PUBLIC:
        if not credentials.origin_allowed(form, origin):
            raise ApiProblem(403, f"{origin} is not among the allowed origins of this form. Add it there.")
        return
    uri = f"{settings.LEADOPS_PUBLIC_URL}{request.get_full_path()}"
    try:
        credentials.check_sender(
            form, headers=headers, body=body, method=str(request.method), uri=uri, now=timezone.now()
        )
    except BadSignature as error:
        log.warning("A submission to %s was refused: %s", form.key, error)
        raise ApiProblem(401, "The signature or token is missing or wrong.") from None


def _answer(form: IntakeForm, accepted: Iterable[accept.Accepted]) -> HttpResponse:
    listed = list(accepted)
    first = listed[0]
    replayed = {"Idempotent-Replayed": "true"} if first.replayed else {}
    if first.errors:
        raise ApiProblem(422, "Some values are missing or wrong.", errors=first.errors, headers=replayed)
    status = accept.answer_status(form)
    if status == IntakeForm.SuccessStatus.SEE_OTHER and form.thank_you_url:
        return HttpResponseRedirect(form.thank_you_url, status=303, headers=replayed)
    if status == IntakeForm.SuccessStatus.SEE_OTHER:
        status = IntakeForm.SuccessStatus.ACCEPTED
    body = {
        "submission_id": str(first.submission.pk),
        "status": "received",
        "status_url": reverse("api:submission", args=[first.submission.pk]),
    }
    return JsonResponse(body, status=status, headers=replayed)


def _preflight(form: IntakeForm, origin: str | None) -> HttpResponse:
    if not credentials.origin_allowed(form, origin):
        raise ApiProblem(403, f"{origin} is not among the allowed origins of this form.")
    headers = {
        "Access-Control-Allow-Methods": ALLOWED_METHODS,
        "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
        "Access-Control-Max-Age": "600",
        "Allow": ALLOWED_METHODS,
    }
    return HttpResponse(status=204, headers=headers)
