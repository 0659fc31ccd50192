"""OpenID Connect, the protocol: where to send a browser, and what the provider's answer proves.

Authorization code flow with PKCE (S256), state and nonce. `joserfc` checks the ID token: its signature, by a key that the
provider publishes, issuer, audience, nonce and times. The provider's addresses and keys are asked at each sign-in: there are
few, and a changed key needs no restart. All calls go through `plumbing.http`, outside of any transaction.
"""

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from django.conf import settings
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import KeySet

from plumbing.http import Remote, RemoteError

# Signed with a key of the provider's own; never "none", nor with the client's secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
LEEWAY_SECONDS = 60
WELL_KNOWN = ".well-known/openid-configuration"
TIMES = {"exp", "iat", "nbf"}


class SignOnFailed(Exception):
    """Why somebody is not let in, in words for them. `detail` is for the log and for `doctor`: strangers do not see it."""

    def __init__(self, words: str, *, detail: str = "") -> None:
        super().__init__(words)
        self.words, self.detail = words, detail or words


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider says of itself. `methods`: how clients may prove themselves at the token endpoint."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """One click on the button, kept in the browser's session until the answer comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "SignInAttempt":
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))


def is_set_up() -> bool:
    return bool(settings.LEADOPS_OIDC_ISSUER and settings.LEADOPS_OIDC_CLIENT_ID)


def discover() -> Provider:
    """Ask the issuer for its addresses. SignOnFailed if it does not answer, or is another than it should be."""
    issuer = settings.LEADOPS_OIDC_ISSUER
    said = _object(_ask(issuer, "GET", WELL_KNOWN), "its addresses")
    if str(said.get("issuer", "")).rstrip("/") != issuer:
        raise _not_usable(
            f"it calls itself {said.get('issuer')!r}, not {issuer!r}: correct LEADOPS_OIDC_ISSUER"
        )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _is_address(said.get(name), like=issuer):
            raise _not_usable(f"it gives no usable {name}")
    userinfo = str(said.get("userinfo_endpoint") or "")
    return Provider(
        authorization_endpoint=said["authorization_endpoint"],
        token_endpoint=said["token_endpoint"],
        jwks_uri=said["jwks_uri"],
        userinfo_endpoint=userinfo if _is_address(userinfo, like=issuer) else "",
        # What the standard says of a provider that does not say.
        methods=tuple(said.get("token_endpoint_auth_methods_supported") or ("client_secret_basic",)),
    )


def address_for(provider: Provider, attempt: SignInAttempt, *, back_to: str) -> str:
    """Where the browser goes to sign in."""
    challenge = urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": settings.LEADOPS_OIDC_CLIENT_ID,
        "redirect_uri": back_to,
        "scope": settings.LEADOPS_OIDC_SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return f"{provider.authorization_endpoint}{joint}{urlencode(query)}"


def claims_for(provider: Provider, attempt: SignInAttempt, *, code: str, back_to: str) -> dict[str, Any]:
    """Change the code for an ID token, and say what that proves; e-mail and groups from the userinfo where it lacks them."""
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back_to,
        "code_verifier": attempt.verifier,
    }
    given = _object(_ask(provider.token_endpoint, "POST", data=data, proof=provider.methods), "a token")
    keys = _object(_ask(provider.jwks_uri, "GET"), "its keys")
    claims = _checked(str(given.get("id_token") or ""), keys, nonce=attempt.nonce)
    wanted = {"email", "email_verified", settings.LEADOPS_OIDC_GROUPS_CLAIM}
    if provider.userinfo_endpoint and given.get("access_token") and not wanted <= claims.keys():
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        more = _object(_ask(provider.userinfo_endpoint, "GET", headers=bearer), "who you are")
        if more.get("sub") != claims["sub"]:
            raise SignOnFailed(f"{_name()} speaks of two different people.")
        claims = {**more, **claims}
    return claims


def _checked(token: str, keys: Any, *, nonce: str) -> dict[str, Any]:
    client = settings.LEADOPS_OIDC_CLIENT_ID
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True},
        sub={"essential": True},
        aud={"essential": True, "value": client},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = dict(jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims)
        rules.validate(claims)
    except ClaimError as error:
        if error.claim in TIMES:
            raise SignOnFailed(
                f"The times in the answer of {_name()} are wrong: its clock and that of leadops differ, or it took too long.",
                detail=str(error),
            ) from error
        raise _not_for_us(str(error)) from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignOnFailed(f"The signature of {_name()} cannot be verified.", detail=str(error)) from error
    if str(claims["iss"]).rstrip("/") != settings.LEADOPS_OIDC_ISSUER:
        raise _not_for_us(f"the issuer is {claims['iss']!r}")
    # One made for several parties names the one that asked.
    if claims.get("azp", client) != client:
        raise _not_for_us(f"the authorized party is {claims['azp']!r}")
    return claims


def _ask(
    address: str,
    method: str,
    path: str = "",
    *,
    data: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    proof: tuple[str, ...] = (),
) -> Any:
    """One call's JSON. With `proof` the client proves itself in one of these ways."""
    headers, data = dict(headers or {}), dict(data) if data is not None else None
    client, secret = settings.LEADOPS_OIDC_CLIENT_ID, settings.LEADOPS_OIDC_CLIENT_SECRET
    if proof and data is not None:
        if secret and "client_secret_basic" in proof:
            pair = f"{quote_plus(client)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            data |= {"client_id": client, **({"client_secret": secret} if secret else {})}
    try:
        return Remote(address).request(method, path, data=data, headers=headers).body
    except (RemoteError, ValueError) as error:
        raise SignOnFailed(
            f"{_name()} does not answer as it should. Try again in a minute.", detail=str(error)
        ) from error


def _object(body: Any, what: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise _not_usable(f"it did not say {what}")
    return body


def _not_usable(why: str) -> SignOnFailed:
    return SignOnFailed(f"{_name()} and leadops are not set up for each other; the log says why.", detail=why)


def _not_for_us(why: str) -> SignOnFailed:
    return SignOnFailed(f"The answer of {_name()} was not made for this sign-in. Try again.", detail=why)


def _is_address(value: Any, *, like: str) -> bool:
    """An https address; http only where the issuer itself is asked so."""
    return isinstance(value, str) and value.startswith(
        ("https://", "http://") if like.startswith("http://") else "https://"
    )


def _name() -> str:
    name: str = settings.LEADOPS_OIDC_NAME
    return name[:1].upper() + name[1:]
