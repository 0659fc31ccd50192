"""A cache that hangs (a real Valkey, stopped) costs its first caller something, and nobody after that."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import override_settings
from redis.exceptions import TimeoutError as Late

from leadops.launcher import temporary, valkey
from plumbing import breaker
from plumbing.breaker import AtRest, Breaker
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.drill


@pytest.fixture
def server(tmp_path: Path) -> Iterator[valkey.Valkey]:
    with tempfile.TemporaryDirectory(prefix="leadops-", dir=temporary.short_folder()) as sockets:
        server = valkey.Valkey(valkey.installed(), Path(sockets), tmp_path / "valkey.log")
        server.start()
        caching = {
            "default": {
                "BACKEND": "plumbing.guarded_cache.GuardedRedisCache",
                "LOCATION": server.cache_url(),
                "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
            }
        }
        with override_settings(CACHES=caching):
            yield server
        if server.process is not None and server.process.poll() is None:
            os.kill(server.process.pid, signal.SIGCONT)
        server.stop()


def hang(server: valkey.Valkey) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


def test_after_the_first_caller_a_hung_cache_is_not_asked_again(server, monkeypatch):
    monkeypatch.setattr(breaker, "FIRST_REST", 600.0)
    monkeypatch.setattr(breaker, "LONGEST_REST", 600.0)
    cache = caches["default"]
    cache.set("a", 1)
    hang(server)
    with pytest.raises(Late):
        cache.get("a")
    for _ in range(1000):  # each of them would take 0.2 s
        for ask in (cache.get, cache.delete, cache.has_key, cache.touch):
            with pytest.raises(AtRest):
                ask("a")


def test_a_cache_that_comes_back_is_asked_again(server, monkeypatch):
    monkeypatch.setattr(breaker, "FIRST_REST", 600.0)
    monkeypatch.setattr(breaker, "LONGEST_REST", 600.0)
    cache = caches["default"]
    hang(server)
    with pytest.raises(Late):
        cache.set("a", 1)
    os.kill(server.process.pid, signal.SIGCONT)
    with pytest.raises(AtRest):
        cache.get("a")
    monkeypatch.setattr(cache.breaker, "_rest_until", 0.0)
    cache.set("a", 2)
    assert cache.get("a") == 2


def test_a_key_that_is_missing_is_no_trouble(server):
    cache = caches["default"]
    with pytest.raises(ValueError, match="not found"):
        cache.incr("missing")
    cache.set("a", 1)
    assert cache.get("a") == 1


def test_after_a_rest_one_caller_tries_and_the_others_go_on_without(monkeypatch):
    monkeypatch.setattr(breaker, "FIRST_REST", 0.1)
    subject = Breaker("The thing")
    subject.failed(OSError("gone"))
    until = time.monotonic() + 10
    while subject.resting and time.monotonic() < until:
        time.sleep(0.01)
    monkeypatch.setattr(breaker, "FIRST_REST", 60.0)

    def ask(_number):
        try:
            with subject.asking(OSError):
                time.sleep(0.2)
                raise OSError("still gone")
        except AtRest:
            return "went on"
        except OSError:
            return "tried"

    assert sorted(at_once(4, ask)) == ["tried", "went on", "went on", "went on"]


def test_it_is_left_alone_for_longer_each_time_it_does_not_answer():
    subject, rests = Breaker("The thing"), []
    for _ in range(6):
        subject.failed(OSError("gone"))
        rests.append(round(subject._rest_until - time.monotonic()))
    assert rests == [2, 4, 8, 16, 30, 30]
    subject.worked()
    assert not subject.resting
