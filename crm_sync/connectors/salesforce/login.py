"""Being let in: client credentials, or a JWT that we sign; never somebody's password.

Salesforce asks for an External Client App whose policies name a user to run as; every call has that user's rights. A token has no
stated life: it ends with the session timeout, and is asked for again when a call finds it refused.
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from crm_sync.connectors.access import Credentials, Login
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.salesforce.formats import long_id
from plumbing.http import AuthLost, Permanent, Remote, RemoteError, Throttled

_PATH = "/services/oauth2/token"
_TIMEOUT_SECONDS = (2.0, 7.0)
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = timedelta(minutes=3)
# Too many logins: the limit is of an hour.
_LOGIN_PAUSE = timedelta(minutes=15)
_PEM = "-----BEGIN"
_PEM_PARTS = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)
# Where a JWT says that it is for: these two, or the org's own address.
_SANDBOX, _PRODUCTION = "https://test.salesforce.com", "https://login.salesforce.com"


def log_in(address: str, credentials: Credentials) -> Login:
    """With a private key by JWT as `username`, else by client credentials. Raises RemoteError, SetupProblem."""
    if not credentials.client_id:
        raise SetupProblem(
            "The connection has no client id: enter the consumer key of the External Client App."
        )
    try:
        answer = Remote(address, timeout=_TIMEOUT_SECONDS).request(
            "POST", _PATH, data=_asked(address, credentials)
        )
    except Permanent as error:
        raise _judged(error) from error
    except AuthLost as error:
        raise _judged(error) from error
    said = answer.body if isinstance(answer.body, Mapping) else {}
    token, instance = str(said.get("access_token") or ""), str(said.get("instance_url") or "")
    if not token or not instance:
        raise AuthLost("Salesforce answered the login without a token.", answer=answer)
    # "id" is the address of who we are: …/id/ORG/USER
    organization, _, user = str(said.get("id") or "").rstrip("/").rpartition("/id/")[2].partition("/")
    return Login(token, instance.rstrip("/"), us=user, account=long_id(organization))


def _asked(address: str, credentials: Credentials) -> dict[str, str]:
    if credentials.secret.lstrip().startswith(_PEM):
        return {"grant_type": _JWT, "assertion": _assertion(address, credentials)}
    return {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.secret,
    }


def _assertion(address: str, credentials: Credentials) -> str:
    """RFC 7523, signed with RS256. Raises SetupProblem."""
    if not credentials.username:
        raise SetupProblem("With a private key the connection needs the username of the user to run as.")
    try:
        key = load_pem_private_key(_pem(credentials.secret), password=None)
    except (ValueError, TypeError) as error:
        raise SetupProblem(
            "The private key cannot be read: paste it whole, as PEM, without a passphrase."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise SetupProblem("The private key is no RSA key, which Salesforce asks for.")
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.username,
        "aud": _audience(address),
        "exp": int((datetime.now(UTC) + _LIFE).timestamp()),
    }
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_base64(signature)}"


def _pem(secret: str) -> bytes:
    """A key that lost its line breaks, as in a box of one line or a variable, gets them back."""
    found = _PEM_PARTS.search(secret.replace("\\n", "\n"))
    if found is None:
        return secret.encode()
    kind, body = found[1], "".join(found[2].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"{_PEM} {kind}-----", *lines, f"-----END {kind}-----", ""]).encode()


def _audience(address: str) -> str:
    if ".sandbox.my.salesforce.com" in address:
        return _SANDBOX
    return _PRODUCTION if address.endswith(".my.salesforce.com") else address


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _judged(error: RemoteError) -> RemoteError:
    """Whatever the login says but "too many" is that we are not let in."""
    body = error.answer.body if error.answer is not None else None
    said = body if isinstance(body, Mapping) else {}
    code = str(said.get("error") or "")
    words = str(said.get("error_description") or error.message)
    if code == "rate_limit_exceeded" or "LOGIN_RATE_EXCEEDED" in error.message:
        return Throttled(words, retry_at=datetime.now(UTC) + _LOGIN_PAUSE, answer=error.answer)
    if code or isinstance(error, AuthLost):
        return AuthLost(f"Salesforce does not let us in ({code or 'refused'}): {words}", answer=error.answer)
    return AuthLost(f"{error.message} Is the address that of My Domain?", answer=error.answer)
