"""A bare HTTP session to the sandbox's org, logged in as the integration user."""

from __future__ import annotations

from typing import Any, Self

import requests

VERSION = "66.0"
BASE = f"/services/data/v{VERSION}"
CLIENT = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-consumer-key",
    "client_secret": "sandbox-consumer-secret",
}
KEY = "leadops_id__c"
NO_RULE = {"Sforce-Auto-Assign": "FALSE"}


def lead(key: str = "", **fields: Any) -> dict[str, Any]:
    """A record for a collection."""
    named = {KEY: key} if key else {}
    return {"attributes": {"type": "Lead"}, "LastName": "Weiß", "Company": "Globex"} | named | fields


class Bare:
    def __init__(self, url: str) -> None:
        self.url = url
        self.instance = ""
        self.session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def token(self, **form: str) -> requests.Response:
        return requests.post(f"{self.url}/salesforce/services/oauth2/token", data=CLIENT | form, timeout=10)

    def log_in(self) -> Self:
        body = self.token().json()
        self.instance = body["instance_url"]
        self.session.headers["Authorization"] = f"{body['token_type']} {body['access_token']}"
        return self

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """`path` comes after the version."""
        url = f"{self.instance}{BASE}{path}"
        return self.session.request(method, url, json=body, headers=headers, timeout=20, **more)

    def get(
        self, path: str, *, headers: dict[str, str] | None = None, **parameters: str
    ) -> requests.Response:
        return self.call("GET", path, params=parameters, headers=headers)

    def post(self, path: str, body: Any, *, headers: dict[str, str] | None = None) -> requests.Response:
        return self.call("POST", path, body, headers=headers)

    def patch(self, path: str, body: Any, *, headers: dict[str, str] | None = None) -> requests.Response:
        return self.call("PATCH", path, body, headers=headers)

    def make(self, type: str = "Lead", **fields: Any) -> str:
        """Its id."""
        needed = {"LastName": "Weiß", "Company": "Globex"} if type == "Lead" else {}
        answer = self.post(f"/sobjects/{type}", needed | fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, type: str, id: str) -> dict[str, Any]:
        answer = self.get(f"/sobjects/{type}/{id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def upsert(
        self, *records: dict[str, Any], all_or_none: bool = False, headers: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        answer = self.patch(
            f"/composite/sobjects/Lead/{KEY}",
            {"allOrNone": all_or_none, "records": list(records)},
            headers=NO_RULE if headers is None else headers,
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def soql(self, text: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        answer = self.get("/queryAll" if deleted else "/query", q=text)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["records"])

    def ids(self, text: str, *, deleted: bool = False) -> list[str]:
        """Of leads that a condition is true of."""
        return [each["Id"] for each in self.soql(f"SELECT Id FROM Lead WHERE {text}", deleted=deleted)]

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        url = f"{self.url}/control/salesforce/{path}"
        answer = requests.request(method, url, json={} if body is None else body, timeout=10)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def org(self, **settings: Any) -> None:
        self.control("org", settings)

    def user(self, username: str) -> str:
        (found,) = self.soql(f"SELECT Id FROM User WHERE Username = '{username}'")
        return str(found["Id"])


def code_of(answer: requests.Response) -> str:
    return str(answer.json()[0]["errorCode"])


def codes(results: list[dict[str, Any]]) -> list[str]:
    """Of a collection's answer: "" for what went well."""
    return ["" if each["success"] else each["errors"][0]["statusCode"] for each in results]
