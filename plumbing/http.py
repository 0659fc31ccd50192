"""The one way to other people's HTTP servers. The error that comes out carries the decision what to do next.

| what happened                                            | error                                    |
|----------------------------------------------------------|------------------------------------------|
| could not connect, name unknown, certificate refused     | Transient, not ambiguous                 |
| an address inside that nobody has allowed                | Transient, not ambiguous                 |
| no answer in time, connection lost after sending         | Transient, ambiguous: it may have worked |
| 2xx that is a web page or broken JSON                    | Transient, ambiguous                     |
| 500 502 504 520 524 and other 5xx                        | Transient, ambiguous                     |
| 408 425 503 521 522 523 525 526 530                      | Transient, not ambiguous                 |
| 423 429 477, and 503 with Retry-After                    | Throttled                                |
| 401                                                      | AuthLost                                 |
| 304 to a call that asked for news only                   | an Answer without a body                 |
| other 3xx, 501, 505, any other 4xx (403 too)             | Permanent, with the remote's own words   |

A remote that says "too many" with a 403 is its connector's business: Permanent carries the whole answer.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from plumbing import answer_text, private_addresses
from plumbing.guarded_connections import POOLS
from plumbing.private_addresses import PrivateAddress
from plumbing.wire import refuse_in_transaction

log = logging.getLogger(__name__)

_MOST_BYTES = 32 * 1024 * 1024
_LONGEST_WAIT_SECONDS = 900.0
_UNTOLD_WAIT_SECONDS = 2.0

_REDIRECTS = frozenset({300, 301, 302, 303, 304, 305, 307, 308})
# A call that asks for what is new may hear that nothing is.
_NEWS_ONLY = frozenset({"if-modified-since", "if-none-match"})
_SLOW_DOWN = frozenset({423, 429, 477})
_NOT_CARRIED_OUT = frozenset({408, 425, 503, 521, 522, 523, 525, 526, 530})
_NEVER_CARRIED_OUT = frozenset({501, 505})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a remote said. `headers` are found in any case; `body` is the parsed JSON, None when there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str = field(repr=False, default="")


class RemoteError(Exception):
    """Why a call did not give what was asked for; `answer` is None when there was none."""

    def __init__(self, message: str, *, answer: Answer | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.answer = answer


class Transient(RemoteError):
    """Try again later. `ambiguous`: the remote may have carried it out, so look before writing again."""

    def __init__(self, message: str, *, ambiguous: bool, answer: Answer | None = None) -> None:
        super().__init__(message, answer=answer)
        self.ambiguous = ambiguous


class Throttled(RemoteError):
    """Nothing was carried out; not before `retry_at`."""

    def __init__(self, message: str, *, retry_at: datetime, answer: Answer | None = None) -> None:
        super().__init__(message, answer=answer)
        self.retry_at = retry_at


class AuthLost(RemoteError):
    """The credentials are not accepted: no call will work until a person or a new token fixes it."""


class Permanent(RemoteError):
    """The same call will be refused again. `body` is the parsed JSON of the refusal, where it was JSON."""

    def __init__(self, message: str, *, status: int, body: Any = None, answer: Answer | None = None) -> None:
        super().__init__(message, answer=answer)
        self.status = status
        self.body = body


class Remote:
    """A server under one base address. Connections are kept open and shared by all Remotes of a thread.

    `timeout` is (seconds to connect, seconds of silence). No cookies, no .netrc, no redirects; HTTPS_PROXY
    and NO_PROXY of the environment and `settings.CA_BUNDLE` count.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: tuple[float, float] = (3.05, 10.0),
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"“{base_url}” is not an address that starts with http:// or https://.")
        self.base_url = base_url.rstrip("/")
        self.host = parts.netloc.rpartition("@")[2]
        self.headers = dict(headers or {})
        self.timeout = timeout
        self._origin = f"{parts.scheme}://{self.host}"
        self._proxies = get_environ_proxies(self.base_url)
        self._verify = settings.CA_BUNDLE or True

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
        data: Mapping[str, Any] | str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send and read one answer; 2xx (207 too) is an Answer, everything else a RemoteError. Never in a
        transaction. 304 is an Answer where the headers ask for what is new only (If-Modified-Since, If-None-Match).

        `path` continues the base address; it can not lead to another host.
        """
        refuse_in_transaction(f"{method} {self.host}")
        if "://" in path.partition("?")[0]:
            raise ValueError("The path continues the base address; a whole address is not accepted.")
        url = f"{self.base_url}/{path.lstrip('/')}" if path else self.base_url
        sent = {**self.headers, **(headers or {})}
        status, since = 0, time.monotonic()
        try:
            if select_proxy(self.base_url, dict(self._proxies)):
                # The proxy looks names up itself; what the address says is all that we can see.
                private_addresses.refuse(self.base_url)
            with _session(self._origin).request(
                method,
                url,
                json=json,
                params=params,
                data=data,
                headers=sent,
                timeout=self.timeout,
                allow_redirects=False,
                proxies=dict(self._proxies),
                verify=self._verify,
                stream=True,
            ) as response:
                status = response.status_code
                inside = getattr(response.raw.connection, "standing", "") == "network"
                text = self._read(response)
        except PrivateAddress as error:
            raise Transient(str(error), ambiguous=False) from error
        except UnicodeError as error:
            raise _not_valid(self.host) from error
        except requests.RequestException as error:
            raise _not_reached(error, host=self.host) from error
        finally:
            # Without what is asked for: queries and bodies are about people.
            facts = {"method": method, "host": self.host, "path": path.partition("?")[0], "status": status}
            log.info("call", extra={**facts, "ms": round((time.monotonic() - since) * 1000)})
        if status == 304 and not _NEWS_ONLY.isdisjoint(name.lower() for name in sent):
            return Answer(status=status, headers=CaseInsensitiveDict(response.headers), body=None)
        if inside and not response.ok:
            # Whoever can type an address is not shown what machines of a whole network say.
            response.reason, text = "", ""
        return _judged(response, text=text, host=self.host)

    def _read(self, response: requests.Response) -> str:
        # The timeout is per silence; a remote that drips bytes must not hold a worker for ever.
        deadline = time.monotonic() + 3 * self.timeout[1]
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > _MOST_BYTES:
                raise Transient(f"{self.host} answered with more than 32 MiB.", ambiguous=True)
            if time.monotonic() > deadline:
                raise Transient(f"{self.host} took too long to finish its answer.", ambiguous=True)
        whole = b"".join(chunks)
        try:
            text = whole.decode(response.encoding or "utf-8", "replace")
        except LookupError:
            text = whole.decode("utf-8", "replace")
        return text.removeprefix("\ufeff")


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


_sessions = threading.local()


def _session(origin: str) -> requests.Session:
    # Per thread, because a Session is not made for several; per process, because sockets do not survive a
    # fork.
    key = (os.getpid(), origin)
    kept: dict[tuple[int, str], requests.Session] = _sessions.__dict__.setdefault("by_origin", {})
    if key not in kept:
        session = requests.Session()
        session.trust_env = False
        # Two connections to one host may belong to two customers: no cookie of one goes along with the other.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = "leadops"
        session.headers["Accept"] = "application/json"
        adapter = _GuardedAdapter(pool_connections=2, pool_maxsize=4, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        kept[key] = session
    return kept[key]


def _not_reached(error: requests.RequestException, *, host: str) -> RemoteError:
    match error:
        case requests.ConnectTimeout():
            return Transient(f"{host} could not be reached in time.", ambiguous=False)
        case requests.exceptions.ProxyError():
            return Transient(f"The proxy on the way to {host} does not answer.", ambiguous=False)
        case requests.exceptions.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Transient(f"The certificate of {host} is not trusted.", ambiguous=False)
        case requests.Timeout():
            return Transient(f"{host} did not answer in time.", ambiguous=True)
        case requests.ConnectionError() if _never_connected(error):
            return Transient(f"{host} could not be reached.", ambiguous=False)
        case requests.ConnectionError() | requests.exceptions.ChunkedEncodingError():
            return Transient(
                f"The connection to {host} was lost before the answer was complete.", ambiguous=True
            )
        case requests.exceptions.ContentDecodingError():
            return Transient(f"The answer of {host} could not be unpacked.", ambiguous=True)
    return _not_valid(host)


def _not_valid(host: str) -> Permanent:
    # Not the library's own words: they quote the header, and that is where the token is.
    return Permanent(
        f"The request to {host} could not be sent: check its address, and the token for stray characters.",
        status=0,
    )


def _never_connected(error: BaseException) -> bool:
    reasons = [getattr(cause, "reason", None) for cause in error.args]
    return any(isinstance(reason, (NewConnectionError, ConnectTimeoutError)) for reason in reasons)


def _judged(response: requests.Response, *, text: str, host: str) -> Answer:
    status = response.status_code
    headers = CaseInsensitiveDict(response.headers)
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    body, readable = answer_text.parsed(text, kind)
    answer = Answer(status=status, headers=headers, body=body, text=text)
    if 200 <= status < 300:
        if not readable:
            what = "a web page" if answer_text.is_page(text, kind) else "something that is not whole JSON"
            raise Transient(f"{host} answered {status} with {what}.", ambiguous=True, answer=answer)
        return answer
    words = f"{host} answered {status}: {answer_text.words(body, text, kind) or response.reason or 'no explanation'}"
    retry_after = headers.get("Retry-After")
    if status == 401:
        raise AuthLost(words, answer=answer)
    if status in _SLOW_DOWN or (status == 503 and retry_after is not None):
        raise Throttled(words, retry_at=_retry_at(retry_after, now=datetime.now(UTC)), answer=answer)
    if status in _NOT_CARRIED_OUT:
        raise Transient(words, ambiguous=False, answer=answer)
    if status >= 500 and status not in _NEVER_CARRIED_OUT:
        raise Transient(words, ambiguous=True, answer=answer)
    if status in _REDIRECTS:
        words = f"{host} answered {status} and points elsewhere, which is not followed: correct the address."
    raise Permanent(words, status=status, body=body, answer=answer)


def _retry_at(header: str | None, *, now: datetime) -> datetime:
    """When to try again, from a Retry-After in seconds or as an HTTP date; at least a moment, at most 15
    minutes.

    More than an hour is taken for milliseconds: nobody asks a client to wait 10,000 seconds, several send them.
    """
    seconds = _UNTOLD_WAIT_SECONDS
    text = (header or "").strip()
    try:
        seconds = float(text)
        if seconds > 3600.0:
            seconds /= 1000.0
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
            seconds = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            seconds = _UNTOLD_WAIT_SECONDS
    if not seconds >= 0.0:  # also not-a-number
        seconds = _UNTOLD_WAIT_SECONDS
    return now + timedelta(seconds=min(max(seconds, 0.1), _LONGEST_WAIT_SECONDS))
