"""What goes wrong on purpose, beside the kills. Each fault lasts some seconds and ends; whatever it held is let go."""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from tests.drills.installation import Installation
from tests.drills.talking import UNANSWERED, Server
from tests.drills.traffic import PATH

Call = tuple[str, str, Any]
"""Method, path and body of what is asked of the CRM's control."""
PATIENCE = 120.0
"""Seconds for which a CRM may be dead that is asked to take something back."""
Fault = Callable[[Installation, float], str]
"""Lasts so many seconds; what was seen, in words."""
SMALL_CACHE, USUAL_CACHE = "3mb", "256mb"
HALF_BODIES, IDLE = 40, 200
MOST_CONNECTIONS = 400
AHEAD = 300
"""Seconds that the second worker's clock is ahead."""
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def answers(target: str, *faults: dict[str, Any]) -> Fault:
    """How a CRM answers calls. Again with the rest of the time, where it was killed and its faults are gone with it."""

    def strike(installation: Installation, seconds: float) -> str:
        until, asked = time.monotonic() + seconds, 0
        while (left := until - time.monotonic()) > 0:
            try:
                if not installation.sandbox.ask("GET", "/control/faults")[1]:
                    wanted = [{"target": target, "seconds": left, **fault} for fault in faults]
                    status, answer = installation.sandbox.ask("POST", "/control/faults", wanted)
                    if status != 201:
                        return str(answer)
                    asked += 1
            except UNANSWERED:
                pass  # It is dead for the moment.
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))
        return {0: "the CRM was dead at that moment", 1: ""}.get(asked, "the CRM was killed meanwhile")

    return strike


def set_there(*both: tuple[Call, Call]) -> Fault:
    """What an admin of the CRM sets, and how it is taken back at the end: it outlives the CRM's death."""

    def strike(installation: Installation, seconds: float) -> str:
        until, seen = time.monotonic() + seconds, ""
        for begin, _ in both:
            if not surely(installation.sandbox, begin, patience=seconds):
                seen = "the CRM was dead at that moment"
        time.sleep(max(0.0, until - time.monotonic()))
        taken_back = [surely(installation.sandbox, end) for _, end in both]
        return seen if all(taken_back) else "it could not be taken back"

    return strike


def again_and_again(call: Call, *, each: float) -> Fault:
    def strike(installation: Installation, seconds: float) -> str:
        until, times = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            times += surely(installation.sandbox, call, patience=0)
            time.sleep(each)
        return f"{times} times"

    return strike


def surely(sandbox: Server, call: Call, *, patience: float = PATIENCE) -> bool:
    """Whether the CRM did it: asked again while it is dead."""
    until = time.monotonic() + patience
    while True:
        try:
            return sandbox.ask(*call)[0] < 300
        except UNANSWERED:
            if time.monotonic() >= until:
                return False
        time.sleep(0.5)


def own_writes_told(installation: Installation, seconds: float) -> str:
    installation.tells_own_writes = True
    time.sleep(seconds)
    installation.tells_own_writes = False
    return ""


def full_cache(installation: Installation, seconds: float) -> str:
    """No memory is left to write anything, nudges included."""
    path = _valkey_socket(installation)
    said = _valkey(path, f"CONFIG SET maxmemory {SMALL_CACHE}")
    time.sleep(seconds)
    return f"{said}, then {_valkey(path, f'CONFIG SET maxmemory {USUAL_CACHE}')}"


def hung_cache(installation: Installation, seconds: float) -> str:
    """It takes connections and never answers."""
    there = installation.processes().get("valkey")
    if not there:
        return "it was dead at that moment"
    try:
        there[0].send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        there[0].send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        return "it was killed meanwhile"
    return ""


def full_connections(installation: Installation, seconds: float) -> str:
    """Strangers hold every connection that PostgreSQL gives."""
    host, _, name = installation.running("DATABASE_URL").partition("@:5432/")[2].rpartition("/")
    held: list[psycopg.Connection[Any]] = []
    refused = "none was refused"
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if len(held) < MOST_CONNECTIONS:
                    to = {"host": host, "port": 5432, "user": "leadops", "dbname": name}
                    held.append(psycopg.connect(**to, connect_timeout=2))
                    continue
            except psycopg.Error as error:
                refused = str(error).strip().splitlines()[-1].rpartition("FATAL:")[2].strip()
            time.sleep(0.2)
    finally:
        for one in held:
            one.close()
    return f"{len(held)} held, then: {refused}"


def slow_clients(installation: Installation, seconds: float) -> str:
    """Half bodies that never end and connections that say nothing; whether the others still get answers."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n{{"
    held: list[socket.socket] = []
    asked = answered = 0
    slowest = 0.0
    try:
        for number in range(HALF_BODIES + IDLE):
            try:
                one = socket.create_connection(("127.0.0.1", installation.port), timeout=1)
                held.append(one)
                if number < HALF_BODIES:
                    one.sendall(head.encode())
            except OSError:
                break
        health = Server(installation.port, patience=2)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asked, begin = asked + 1, time.monotonic()
            try:
                answered += health.ask("GET", "/healthz")[0] == 200
                slowest = max(slowest, time.monotonic() - begin)
            except UNANSWERED:
                pass
            time.sleep(0.25)
    finally:
        for one in held:
            one.close()
    return f"{len(held)} connections; /healthz answered {answered} of {asked}, at most after {slowest * 1000:.0f} ms"


def worker_in_another_time(installation: Installation, seconds: float) -> str:
    """A second worker whose clock is ahead: the command and environment of the first, and libfaketime."""
    if not FAKETIME:
        return "left out: libfaketime is not installed"
    try:
        first = installation.processes()["worker"][0]
        command, env = first.cmdline(), first.environ()
    except (IndexError, psutil.Error):
        return "there was no worker to copy at that moment"
    name = command.index("--hostname") + 1
    command[name] = "ahead@%h"
    env |= {"LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": f"+{AHEAD}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    log = installation.data_dir / "logs" / "worker-ahead.log"
    with log.open("ab") as output:
        worker = subprocess.Popen(
            command, env=env, cwd=first.cwd(), stdout=output, stderr=output, start_new_session=True
        )
    time.sleep(seconds)
    ended = worker.poll()
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    return f"{AHEAD} s ahead" + ("" if ended is None else f"; it ended by itself with {ended}")


FAULTS: dict[str, Fault] = {
    "cache: full": full_cache,
    "cache: hung": hung_cache,
    "database: no connection left": full_connections,
    "slow clients": slow_clients,
    "a worker in another time": worker_in_another_time,
}


def _valkey_socket(installation: Installation) -> str:
    return urlsplit(installation.running("CACHE_URL")).path


def _valkey(path: str, command: str) -> str:
    """What it answers, as its protocol says it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(3)
        try:
            connection.connect(path)
            words = shlex.split(command)
            parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(f"*{len(words)}\r\n{parts}".encode())
            return connection.recv(200).decode().strip()
        except OSError as error:
            return f"it did not answer: {error}"
