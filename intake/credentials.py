"""Who may post to a form."""

import hmac
from collections.abc import Mapping
from datetime import datetime

from intake.models import IntakeForm
from intake.vendors.registry import VENDORS
from intake.vendors.signatures import verify
from plumbing import secrets
from plumbing.signatures import BadSignature


def secret_of(form: IntakeForm) -> str:
    """The signing secret: stored with the form, or named by variable; "" when none is set."""
    if form.secret:
        return secrets.decrypt(form.secret)
    return secrets.named(form.secret_env)


def origin_allowed(form: IntakeForm, origin: str | None) -> bool:
    """A request without an Origin header is no browser's cross-site post and is accepted."""
    if not origin:
        return True
    return origin.rstrip("/").lower() in {allowed.rstrip("/").lower() for allowed in form.allowed_origins}


def has_token(form: IntakeForm, authorization: str) -> bool:
    """Whether an Authorization header carries the form's own bearer token: the stored one, or its secret."""
    kind, _, given = authorization.partition(" ")
    if kind.lower() not in ("bearer", "token") or not given.strip():
        return False
    known = (secrets.decrypt(form.token) if form.token else "", secret_of(form))
    return any(hmac.compare_digest(given.strip().encode(), token.encode()) for token in known if token)


def check_sender(
    form: IntakeForm, *, headers: Mapping[str, str], body: bytes, method: str, uri: str, now: datetime
) -> str:
    """How a webhook's caller proves itself: by its vendor's signature, which is returned, or by a token ("").

    Raises BadSignature.
    """
    if has_token(form, headers.get("authorization", "")):
        return ""
    secret = secret_of(form)
    if not secret:
        raise BadSignature(f"the form {form.key} has neither a signing secret nor a token set")
    scheme = VENDORS[form.vendor].scheme
    return verify(scheme, headers=headers, raw_body=body, secret=secret, method=method, uri=uri, now=now)
