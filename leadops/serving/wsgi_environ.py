"""A request as WSGI applications know it (PEP 3333), from an ASGI scope and its whole body."""

import io
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

Scope = MutableMapping[str, Any]

_SAME_FOR_ALL = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def environ_of(scope: Scope, body: bytes) -> dict[str, Any]:
    """The body is whole, so its length is what it is, and chunks are nobody's business any more."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    environ = {
        **_SAME_FOR_ALL,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": (unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
    }
    environ["SERVER_NAME"], port = scope.get("server") or ("localhost", 80)
    environ["SERVER_PORT"] = str(port)
    environ["REMOTE_ADDR"] = (scope.get("client") or ("",))[0]
    for name, value in scope["headers"]:
        variable = _variable(name)
        if variable is None:
            continue
        text = value.decode("latin-1")
        before = environ.get(variable)
        if before is not None:
            text = f"{before}; {text}" if variable == "HTTP_COOKIE" else f"{before},{text}"
        environ[variable] = text
    if body or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


@lru_cache(maxsize=256)
def _variable(header: bytes) -> str | None:
    """None for what is not handed on: `X_Real` would look like `X-Real`, which a proxy of ours may have set."""
    name = header.decode("latin-1").upper()
    if "_" in name or name == "TRANSFER-ENCODING":
        return None
    name = name.replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
