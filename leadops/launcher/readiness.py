"""Ports and answers on this machine."""

import errno
import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any

from leadops.launcher.problems import LaunchProblem


def claim_port(host: str, port: int, *, choose: str) -> None:
    """Raises LaunchProblem when nothing of ours could listen there; `choose` says how to take another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                why, first = "is in use by another program", "stop that program, or "
            else:
                why, first = f"cannot be used ({error.strerror})", ""
            raise LaunchProblem(
                f"Port {port} on {host} {why}: {first}choose another port with {choose}."
            ) from error


def reach(bind: str) -> str:
    """The host under which this machine reaches a server that is bound there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1", "localhost": "127.0.0.1"}.get(bind, bind)


def ask(
    host: str, port: int, path: str, *, post: Mapping[str, Any] | None = None, timeout: float = 5.0
) -> tuple[int, str]:
    """Status and body, whatever proxies the environment names; 0 and the reason if nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    headers = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json"}
    try:
        if post is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, json.dumps(post), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error) or type(error).__name__
    finally:
        connection.close()
