"""A client of the sandbox's Salesforce org, logged in once, with one connection to each thread."""

import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from benchmarks.running import ORG_CLIENT, ORG_SECRET, Running

_DATA = "/services/data/v66.0"


class OrgSession:
    def __init__(self, leadops: Running) -> None:
        self.leadops = leadops
        asked = {"grant_type": "client_credentials", "client_id": ORG_CLIENT, "client_secret": ORG_SECRET}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, answer = leadops.org("POST", "/services/oauth2/token", urlencode(asked), form)
        assert status == 200, answer
        self.instance = urlsplit(answer["instance_url"]).path.removeprefix("/salesforce")
        self.headers = {
            "Authorization": f"Bearer {answer['access_token']}",
            "Content-Type": "application/json",
            "Sforce-Auto-Assign": "FALSE",
        }

    def query(self, soql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        where = f"{_DATA}/query?q={quote(soql)}"
        while where:
            status, page = self.leadops.org("GET", self.instance + where, None, self.headers)
            assert status == 200, page
            found += page["records"]
            where = page.get("nextRecordsUrl", "")
        return found

    def write(self, path: str, body: dict[str, Any]) -> Any:
        where = f"{self.instance}{_DATA}/{path}"
        status, answer = self.leadops.org("POST", where, json.dumps(body), self.headers)
        assert status == 201, answer
        return answer
