"""services/oauth2: logins by client credentials and by a signed JWT, the end of a session, and who one is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import sqlite3
import time
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from crm_sandbox.salesforce import settings, staff
from crm_sandbox.salesforce.errors import OrgLoginError
from crm_sandbox.salesforce.org import PREFIX, Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, Reply, Request, now_ms

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
# An assertion may end so many seconds from now.
_LONGEST = 300
_SKEW = 5


def token(org: Org, request: Request) -> Reply:
    """POST services/oauth2/token. Never raises."""
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    try:
        with org.store.reading() as db:
            known = settings.all_of(db)
            if form.get("grant_type") == "client_credentials":
                user = _by_client(db, known=known, form=form, request=request)
            elif form.get("grant_type") == _JWT:
                user = _by_assertion(
                    db, known=known, assertion=form.get("assertion", ""), here=request.base_url
                )
            else:
                raise OrgLoginError("unsupported_grant_type", "grant type not supported")
            return _begin(db, org=org, known=known, user=user, request=request)
    except OrgLoginError as error:
        return error.answer()


def _begin(db: sqlite3.Connection, *, org: Org, known: Json, user: OrgRecord, request: Request) -> Reply:
    if not known["org_active"]:
        raise OrgLoginError("inactive_org", "organization is not active")
    if not user.fields.get("IsActive"):
        raise OrgLoginError("inactive_user", "user is inactive")
    if not org.sessions.may_log_in(user.id, an_hour=known["logins_an_hour"]):
        raise OrgLoginError(
            "rate_limit_exceeded", "LOGIN_RATE_EXCEEDED: too many logins of this user in an hour"
        )
    organization = staff.organization_id(db)
    identity = f"{request.base_url}/id/{organization}/{user.id}"
    at = str(now_ms())
    body: Json = {
        "access_token": org.sessions.begin(
            user_id=user.id, organization_id=organization, instance=known["instance"]
        ),
        "signature": _signature(known["consumer_secret"], identity + at),
        "scope": "api",
        "instance_url": f"{request.base_url}{PREFIX}/{known['instance']}",
        "id": identity,
        "token_type": "Bearer",
        "issued_at": at,
    }
    return Reply(200, body, {"Cache-Control": "no-cache, no-store"})


def _signature(secret: str, signed: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()).decode()


def _by_client(db: sqlite3.Connection, *, known: Json, form: dict[str, str], request: Request) -> OrgRecord:
    key, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, basic = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(basic).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise OrgLoginError("invalid_client", "invalid client credentials") from None
        key, secret = (key, secret) if key == known["consumer_key"] else (unquote(key), unquote(secret))
    if key != known["consumer_key"]:
        raise OrgLoginError("invalid_client_id", "client identifier invalid")
    if secret != known["consumer_secret"]:
        raise OrgLoginError("invalid_client", "invalid client credentials")
    user = staff.user_called(db, known["run_as"]) if known["run_as"] else None
    if user is None:
        raise OrgLoginError("invalid_grant", "no client credentials user enabled")
    return user


def _by_assertion(db: sqlite3.Connection, *, known: Json, assertion: str, here: str) -> OrgRecord:
    claims = _claims(assertion, certificate=known["certificate"])
    if claims.get("iss") != known["consumer_key"]:
        raise OrgLoginError("invalid_client_id", "client identifier invalid")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not {str(each).rstrip("/") for each in named} & {*_AUDIENCES, here}:
        raise OrgLoginError("invalid_grant", "audience is invalid")
    try:
        left = float(claims.get("exp") or 0) - time.time()
    except (TypeError, ValueError):
        left = -1
    if left < -_SKEW:
        raise OrgLoginError("invalid_grant", "assertion is expired")
    if left > _LONGEST + _SKEW:
        raise OrgLoginError("invalid_grant", "assertion expires too late")
    user = staff.user_called(db, str(claims.get("sub") or ""))
    if user is None or not known["approved"]:
        raise OrgLoginError("invalid_grant", "user hasn't approved this consumer")
    return user


def _claims(assertion: str, *, certificate: str) -> Json:
    """Raises OrgLoginError: no RS256 signature by the key of the app's certificate."""
    head, _, signature = assertion.rpartition(".")
    try:
        algorithm = json.loads(_decoded(head.partition(".")[0]))["alg"]
        claims: Any = json.loads(_decoded(head.partition(".")[2]))
        if algorithm != "RS256" or not certificate or not isinstance(claims, dict):
            raise ValueError
        _public_key(certificate).verify(
            _decoded(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise OrgLoginError("invalid_grant", "invalid assertion") from None
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _public_key(pem: str) -> rsa.RSAPublicKey:
    """Of a certificate, or a public key alone. Raises ValueError."""
    if "CERTIFICATE" in pem:
        key: object = load_pem_x509_certificate(pem.encode()).public_key()
    else:
        key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("The key is not an RSA key.")
    return key


def check_certificate(pem: str) -> None:
    """Raises ValueError: nothing that signatures could be checked with."""
    _public_key(pem)


def revoke(org: Org, request: Request) -> Reply:
    """POST services/oauth2/revoke"""
    form = parse_qs(request.body.decode("utf-8", "replace"))
    given = form.get("token", [request.parameter("token")])[-1]
    if org.sessions.end(given):
        return Reply(200, "")
    return OrgLoginError("unsupported_token_type", "this token is not known").answer()


def identity(org: Org, request: Request, user: OrgRecord) -> Reply:
    """What the `id` of a token leads to."""
    with org.store.reading() as db:
        organization = staff.organization_id(db)
        instance = f"{request.base_url}{PREFIX}/{settings.one(db, 'instance')}"
    base = f"{instance}/services/data/v{{version}}/"
    body: Json = {
        "id": f"{request.base_url}/id/{organization}/{user.id}",
        "asserted_user": True,
        "user_id": user.id,
        "organization_id": organization,
        "username": user.get("Username"),
        "nick_name": user.get("Alias"),
        "display_name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "first_name": user.fields.get("FirstName"),
        "last_name": user.get("LastName"),
        "timezone": user.get("TimeZoneSidKey"),
        "photos": {},
        "addr_street": None,
        "mobile_phone": None,
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": {
            "rest": base,
            "sobjects": f"{base}sobjects/",
            "query": f"{base}query/",
            "custom_domain": instance,
        },
        "active": bool(user.fields.get("IsActive")),
        "user_type": user.get("UserType").upper(),
        "language": "en_US",
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 3_600_000,
        "last_modified_date": user.get("LastModifiedDate"),
        "is_app_installed": True,
    }
    return Reply(200, body)
