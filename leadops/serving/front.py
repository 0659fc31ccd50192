"""The ASGI application in front of Django: whole requests go in, whole answers come out.

No thread ever waits for a network. A request reaches Django once its body is there; until then it costs memory, within
limits. What comes too slowly is answered with 408, what is too large with 413, and what there is no room for with 503.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeVar

from prometheus_client import Counter

from leadops.serving.bodies import Bodies, NoRoom, Receive, SenderGone, TooLarge, TooSlow
from leadops.serving.lanes import Answer, Application, Lane, LaneFull
from leadops.serving.wsgi_environ import Scope, environ_of

log = logging.getLogger(__name__)

Found = TypeVar("Found")
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Words = Callable[[str, int, str], tuple[str, bytes]]
"""Path, status and detail -> media type and body of an answer that says no."""

ALIVE = "/healthz"
HURRY_SECONDS = 2.0
"""After which an address that must answer quickly is answered without Django."""
RETRY_AFTER = 5
LINGER_SECONDS, LINGER_BYTES = 2.0, 8 * 1024**2
"""How much of a refused body is read and thrown away, so that its sender gets to read the answer."""
turned_away = Counter("leadops_requests_turned_away_total", "Requests that never reached Django", ["why"])


class Front:
    """`limits` are (prefix of the path, bytes of a body), the first that fits counts; `lanes` likewise."""

    def __init__(
        self,
        application: Application,
        *,
        seconds: float,
        limits: list[tuple[str, int]],
        lanes: list[tuple[str, Lane]],
        in_a_hurry: set[str],
        words: Words,
    ) -> None:
        self.application = application
        self.bodies = Bodies(seconds=seconds)
        self.limits, self.lanes = limits, lanes
        self.in_a_hurry, self.words = in_a_hurry, words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Nothing but HTTP is spoken here, not {scope['type']}.")
        if scope["path"] == ALIVE and scope["method"] in ("GET", "HEAD"):
            # Answered by the loop itself: true however busy the threads are.
            await _send(send, (200, [(b"content-type", b"text/plain")], b"ok\n"))
            return
        try:
            await _send(send, await self._answer(scope, receive))
        except TooLarge as error:
            await self._refuse(
                scope, send, 413, "large", f"The body has more than {error.args[0] // 1024} KiB."
            )
            await _linger(receive)
        except TooSlow:
            await self._refuse(scope, send, 408, "slow", "The body did not come in time. Send it again.")
        except (NoRoom, LaneFull):
            await self._refuse(
                scope, send, 503, "busy", f"Too much at once. Send it again in {RETRY_AFTER} seconds."
            )
            await _linger(receive)
        except SenderGone:
            await self._refuse(scope, send, 400, "gone", "The body ended in the middle.")

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path = scope["path"]
        with self.bodies.place(length=_length(scope), limit=_first(self.limits, path)) as place:
            body = await self.bodies.read(receive, place)
            work = _first(self.lanes, path).run(self.application, environ_of(scope, body))
            if path not in self.in_a_hurry:
                return await work
            try:
                # Shielded: a thread that hangs keeps its place in the lane, whether anybody waits for it or not.
                return await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(work)), HURRY_SECONDS)
            except TimeoutError:
                raise LaneFull from None

    async def _refuse(self, scope: Scope, send: Send, status: int, why: str, detail: str) -> None:
        turned_away.labels(why=why).inc()
        media_type, body = self.words(scope["path"], status, detail)
        headers = [(b"content-type", media_type.encode()), (b"connection", b"close")]
        if status == 503:
            headers.append((b"retry-after", str(RETRY_AFTER).encode()))
        await _send(send, (status, headers, body))


async def _send(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    if not any(name == b"content-length" for name, _value in headers):
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _linger(receive: Receive) -> None:
    left = LINGER_BYTES
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _length(scope: Scope) -> int | None:
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


def _first(table: Sequence[tuple[str, Found]], path: str) -> Found:
    return next(found for prefix, found in table if path.startswith(prefix))
