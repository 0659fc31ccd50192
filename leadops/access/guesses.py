"""How many wrong passwords and tokens one address may send, whatever names it tries."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leadops.client_address import client_address, network_of


@dataclass(frozen=True, slots=True)
class GuessLimit:
    """Counted in the shared cache, per address and window of `seconds`. A dead cache stops nobody, and is not waited for."""

    what: str
    most: int
    seconds: int

    def reached(self, request: HttpRequest) -> bool:
        key = self._key(request)
        if key is None:
            return False
        try:
            return int(cache.get(key, 0)) >= self.most
        except Exception:  # Whatever the cache's client raises: nobody is locked out for that.
            return False

    def count(self, request: HttpRequest) -> None:
        """One more wrong guess."""
        key = self._key(request)
        if key is None:
            return
        with suppress(Exception):
            cache.add(key, 0, timeout=self.seconds * 2)
            cache.incr(key)

    def forget(self, address: str) -> None:
        """What this address has sent counts no more."""
        with suppress(Exception):
            cache.delete(self._key_of(address))

    @property
    def wait(self) -> int:
        """Seconds until the count begins anew."""
        return self.seconds - int(time.time()) % self.seconds

    def _key(self, request: HttpRequest) -> str | None:
        address = client_address(request)
        return None if address is None else self._key_of(address)

    def _key_of(self, address: str) -> str:
        return f"guesses:{self.what}:{network_of(address)}:{int(time.time()) // self.seconds}"


# People who share an address mistype too; passwords are long. The limit per name and address (AXES_FAILURE_LIMIT) is lower.
PASSWORDS = GuessLimit("password", most=50, seconds=15 * 60)
# A token cannot be guessed: this keeps a program that has gone mad from keeping us busy.
TOKENS = GuessLimit("token", most=100, seconds=60)


class TooManyGuesses(AuthenticationFailed):
    """429 with `Retry-After`."""

    status_code = 429

    def __init__(self, limit: GuessLimit) -> None:
        self.wait = limit.wait
        super().__init__(
            f"Too many wrong tokens came from your address. Send the right one again in {self.wait} seconds."
        )


class LimitedGuesses:
    """Mixed into an authentication class: an address that has sent too many wrong tokens waits, whatever it sends next."""

    def authenticate(self, request: Request) -> Any:
        if not request.META.get("HTTP_AUTHORIZATION"):
            return super().authenticate(request)  # type: ignore[misc]
        if TOKENS.reached(request._request):
            raise TooManyGuesses(TOKENS)
        try:
            return super().authenticate(request)  # type: ignore[misc]
        except AuthenticationFailed:
            TOKENS.count(request._request)
            raise
