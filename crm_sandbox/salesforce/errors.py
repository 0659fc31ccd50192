"""Salesforce's errors: a list for a call, `statusCode` for an item of one, and another form for logins.

Wordings are those of public recordings and of the vendor's documentation where there are any.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm_sandbox.wire import Json, Reply


class OrgError(Exception):
    """One refused call, or one refused record of a call. `extra` goes beside the code, of a call only."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Sequence[str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.extra = extra or {}

    def answer(self) -> Reply:
        body: Json = {**self.extra, "message": self.message, "errorCode": self.code}
        if self.fields is not None:
            body["fields"] = list(self.fields)
        return Reply(self.status, [body])

    def item(self) -> Json:
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


class SeveralHolders(Exception):
    """300: several records have this key; `ids` are theirs."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__("The external ID provided matches more than one record")
        self.ids = list(ids)


class OrgLoginError(Exception):
    """A refused login."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def answer(self) -> Reply:
        return Reply(self.status, {"error": self.code, "error_description": self.message})


def refused(code: str, message: str, *, fields: Sequence[str] = ()) -> OrgError:
    """A record that cannot be written so."""
    return OrgError(400, code, message, fields=fields)


def not_found(message: str = "The requested resource does not exist") -> OrgError:
    return OrgError(404, "NOT_FOUND", message)


def is_deleted() -> OrgError:
    return OrgError(404, "ENTITY_IS_DELETED", "entity is deleted", fields=[])


def no_session() -> OrgError:
    return OrgError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def no_column(name: str, type: str) -> OrgError:
    return OrgError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {type}")


def no_type(type: str) -> OrgError:
    return OrgError(
        400,
        "INVALID_TYPE",
        f"sObject type '{type}' is not supported. If you are attempting to use a custom object, be sure to append "
        "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    )


def bad_json(message: str) -> OrgError:
    return OrgError(400, "JSON_PARSER_ERROR", message)


def no_access(message: str = "insufficient access rights on object id") -> OrgError:
    return OrgError(403, "INSUFFICIENT_ACCESS_OR_READONLY", message, fields=[])


_OF_STATUS = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    429: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    500: (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support: 1811",
    ),
    502: ("SERVER_UNAVAILABLE", "Bad gateway"),
    503: ("SERVER_UNAVAILABLE", "This request could not be processed at this time. Please try again later."),
}


def with_status(status: int, *, code: str = "", message: str = "") -> OrgError:
    """The answer that a fault of this status asks for."""
    usual_code, usual = _OF_STATUS.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred"))
    return OrgError(
        status, code or usual_code, message or (usual if not code else code.replace("_", " ").lower())
    )
