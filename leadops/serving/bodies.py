"""Reading the bodies of requests without keeping a thread: how large, how slow and how many of them may be."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MOST_OPEN = 1024
"""Bodies that may be under way in one process. One more ends the one that has been under way longest."""
MOST_HELD = 64 * 1024**2
"""Bytes of bodies that one process holds, under way or being worked on."""
BYTES_PER_SECOND = 64 * 1024
"""A large body may take longer than a small one: by a second for so many bytes."""


class TooLarge(Exception):
    """More than its address takes; `args[0]` is the limit in bytes."""


class TooSlow(Exception):
    """Its time was over, or others needed its place."""


class NoRoom(Exception):
    """This process holds all that it can, and all of it is being worked on."""


class SenderGone(Exception):
    """The sender has hung up in the middle."""


@dataclass(eq=False)
class HeldBody:
    """Of one body, for `held` bytes. `length` is None when it comes in chunks, `most` of them at most."""

    length: int | None
    most: int
    held: int = 0
    deadline: asyncio.Timeout | None = None


class Bodies:
    """All bodies of this process. `seconds` is what a small one may take."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.held = 0
        self.open: dict[HeldBody, None] = {}  # oldest first

    @contextmanager
    def place(self, *, length: int | None, limit: int) -> Iterator[HeldBody]:
        """Taken before the body is read, given back once the work on it is done. Raises TooLarge or NoRoom."""
        most = limit if length is None else length
        if most > limit:
            raise TooLarge(limit)
        if most > 0:
            while self.open and (len(self.open) >= MOST_OPEN or self.held + most > MOST_HELD):
                self._end(next(iter(self.open)))
            if self.held + most > MOST_HELD:
                raise NoRoom
        place = HeldBody(length, most, held=most)
        self.held += most
        try:
            yield place
        finally:
            self.held -= place.held

    async def read(self, receive: Receive, place: HeldBody) -> bytes:
        """The whole body. Raises TooSlow, TooLarge or SenderGone."""
        if place.length == 0:
            return b""
        try:
            async with asyncio.timeout(self.seconds + place.most / BYTES_PER_SECOND) as place.deadline:
                self.open[place] = None
                try:
                    return await _whole(receive, place)
                finally:
                    self.open.pop(place, None)
        except TimeoutError:
            raise TooSlow from None

    def _end(self, place: HeldBody) -> None:
        del self.open[place]
        self.held -= place.held
        place.held = 0
        if place.deadline is not None:
            place.deadline.reschedule(asyncio.get_running_loop().time())


async def _whole(receive: Receive, place: HeldBody) -> bytes:
    parts: list[bytes] = []
    received = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        part = message.get("body", b"")
        parts.append(part)
        received += len(part)
        if received > place.most:
            raise TooLarge(place.most)
        # Asking once more, only to hear that this was all, would cost another turn of the loop.
        if received == place.length or not message.get("more_body", False):
            return b"".join(parts)
