"""One call to Salesforce: logged in, within the budget, with errors that say what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.access import Access, Login
from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.salesforce.limits import read_limits
from crm_sync.connectors.salesforce.versions import path_of
from plumbing.http import Answer, AuthLost, Permanent, Remote, RemoteError, Throttled

# Together shorter than a sender's lease: whoever waits for an answer still holds the connection when it comes.
_TIMEOUT_SECONDS = (2.0, 7.0)
# Without the first an assignment rule of the org gives every lead that we write to somebody else. The second refuses what is
# probably there already, and lets a rule see what our user sees.
_WRITING = {"Sforce-Auto-Assign": "FALSE"}
_DUPLICATES = "allowSave={anyway}; includeRecordDetails=true; runAsCurrentUser=true"
_MOST_SUBREQUESTS = 25
_NOT_MODIFIED = 304
# An admin may end every session just as we have begun one. Who is let in and then refused again and again has another trouble.
_MOST_LOGINS = 3


@dataclass(frozen=True, slots=True)
class WritePart:
    """One of several writes in a call; `path` and `anyway` as in `OrgClient.write`."""

    method: str
    path: str
    body: Mapping[str, Any]
    anyway: bool = False


class OrgClient:
    """`path` is that of the connection's version of the API. Raises ValueError where the address is none."""

    def __init__(self, access: Access) -> None:
        Remote(access.base_url)
        self.access = access
        self.path = path_of(access.api_version)
        self._login: Login | None = None

    @property
    def login(self) -> Login:
        """Who we are there. Raises RemoteError and SetupProblem."""
        if self._login is None:
            assert self.access.login is not None  # The connector says that it logs in.
            self.access.before_call()
            self._login = self.access.login("")
        return self._login

    def read(self, path: str, *, params: Mapping[str, Any] | None = None) -> Answer:
        return self._call("GET", path, params=params)

    def read_news(self, path: str, *, since: str) -> Answer | None:
        """None where nothing has changed since that moment, an HTTP date as Salesforce wrote it."""
        answer = self._call("GET", path, headers={"If-Modified-Since": since})
        return None if answer.status == _NOT_MODIFIED else answer

    def write(self, method: str, path: str, body: Any, *, anyway: bool = False) -> Answer:
        """Never assigned by the org's own rules. `anyway`: also where a rule warns that somebody is there already."""
        return self._call(method, path, json=body, headers=_writing(anyway=anyway))

    def write_together(self, parts: Sequence[WritePart]) -> list[tuple[int, Any]]:
        """(status, body) of several writes that are one call for each 25, in their order, each done or refused by itself."""
        found: list[tuple[int, Any]] = []
        for start in range(0, len(parts), _MOST_SUBREQUESTS):
            # What the call as a whole says about assigning and duplicates does not reach its parts.
            asked = [
                {
                    "method": part.method,
                    "url": f"{self.path}{part.path}",
                    "referenceId": f"write{place}",
                    "body": part.body,
                    "httpHeaders": _writing(anyway=part.anyway),
                }
                for place, part in enumerate(parts[start : start + _MOST_SUBREQUESTS])
            ]
            found += [
                (int(each.get("httpStatusCode") or 0), each.get("body")) for each in self._composite(asked)
            ]
        return found

    def read_together(self, paths: Sequence[str]) -> list[Any]:
        """The bodies of several reads that are one call; `paths` as in `read`, with what they ask for. Raises the first error."""
        found: list[Any] = []
        for start in range(0, len(paths), _MOST_SUBREQUESTS):
            some = paths[start : start + _MOST_SUBREQUESTS]
            asked = [
                {"method": "GET", "url": f"{self.path}{path}", "referenceId": f"read{place}"}
                for place, path in enumerate(some)
            ]
            for part in self._composite(asked):
                status, body = int(part.get("httpStatusCode") or 0), part.get("body")
                if status >= 400:
                    said = errors.said_in(body)
                    error = Permanent(said, status=status, body=body, answer=Answer(status, {}, body))
                    raise errors.judged(error, version=self.access.api_version)
                found.append(body)
        return found

    def _composite(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        answer = self._call("POST", "/composite", json={"allOrNone": False, "compositeRequest": parts})
        found = answer.body.get("compositeResponse") if isinstance(answer.body, Mapping) else None
        return [each for each in found or () if isinstance(each, Mapping)]

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises RemoteError, SetupProblem. A token that has run out is renewed, and so is one that did since we logged in."""
        self.access.budget.check(now=datetime.now(UTC))
        for _ in range(_MOST_LOGINS):
            login = self.login
            try:
                return self._send(login, method, path, json=json, params=params, headers=headers)
            except (AuthLost, Permanent) as error:
                if errors.code_of(error) not in errors.LOG_IN_AGAIN or self.access.login is None:
                    raise
                self._login = self.access.login(login.token)
        return self._send(self.login, method, path, json=json, params=params, headers=headers)

    def _send(
        self,
        login: Login,
        method: str,
        path: str,
        *,
        json: Any,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        known = {"Authorization": f"Bearer {login.token}", "Sforce-Call-Options": "client=leadops"}
        remote = Remote(login.address, headers=known | dict(headers or {}), timeout=_TIMEOUT_SECONDS)
        where = path if path.startswith("/services/") else f"{self.path}{path}"
        self.access.before_call()
        try:
            answer = remote.request(method, where, json=json, params=params)
        except RemoteError as error:
            if error.answer is not None and not isinstance(error, Throttled):
                self._note(error.answer)
            raise errors.judged(error, version=self.access.api_version) from error
        self._note(answer)
        return answer

    def _note(self, answer: Answer) -> None:
        self.access.budget.note(read_limits(answer.headers), now=datetime.now(UTC))


def _writing(*, anyway: bool) -> dict[str, str]:
    rule = _DUPLICATES.format(anyway="true" if anyway else "false")
    return {**_WRITING, "Sforce-Duplicate-Rule-Header": rule}
