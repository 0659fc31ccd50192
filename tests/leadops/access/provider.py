"""A provider of OpenID Connect over HTTP: oidc-provider-mock, behind a wrapper that holds PKCE, and that can lie."""

import hashlib
import io
import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

ALGORITHM = "RS256"


@dataclass
class Provider:
    """`claims` replace those of the next ID tokens (None takes one out); `answers` replace whole answers, by path."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    published: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    signs_with: RSAKey | None = None
    challenges: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def person(self, subject: str, **claims: Any) -> None:
        """Somebody who can sign in there."""
        given = {"email": f"{subject}@acme.test", "email_verified": True, **claims}
        assert requests.put(f"{self.url}/users/{subject}", json=given, timeout=5).status_code == 204

    def sign_in(self, address: str, subject: str) -> str:
        """What somebody does on the provider's page: where it sends the browser then."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if path in self.answers:
            return _answer(start_response, *self.answers[path])
        if path == "/jwks":
            return _answer(start_response, 200, KeySet([self.published]).as_dict())
        if path == "/oauth2/token":
            proof = urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            if self.challenges.pop(form["code"], None) != proof.rstrip(b"=").decode():
                return _answer(start_response, 400, {"error": "invalid_grant"})
        lines, status, headers = run_wsgi_app(self.app, environ)
        whole = b"".join(lines)
        if path == "/oauth2/authorize" and environ["REQUEST_METHOD"] == "POST":
            asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
            code = parse_qs(urlsplit(headers.get("Location", "")).query).get("code")
            if code and asked.get("code_challenge_method") == "S256":
                self.challenges[code[0]] = asked["code_challenge"]
        if path == "/.well-known/openid-configuration":
            return _answer(start_response, 200, json.loads(whole) | self.said)
        if path == "/oauth2/token" and status.startswith("200"):
            return _answer(start_response, 200, self._signed_again(json.loads(whole)))
        start_response(status, list(headers))
        return [whole]

    def _signed_again(self, given: dict[str, Any]) -> dict[str, Any]:
        payload = given["id_token"].split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=="))
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        header = {"alg": ALGORITHM, "kid": self.published.kid}
        return given | {"id_token": jwt.encode(header, claims, self.signs_with or self.published)}

    app = oidc_provider_mock.app(require_nonce=True)


def _answer(start_response: Any, status: int, body: Any) -> list[bytes]:
    start_response(f"{status} Answer", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    server = make_server("localhost", 0, provider, threaded=True)
    provider.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
