"""From raw bytes to a value: the three media types that forms post."""

import json
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from intake.vendors.clean import form_body

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
MAX_BYTES = 256 * 1024
MAX_FIELDS = 1000


class MalformedBody(ValueError):
    """The body is not what its media type says (400)."""


class UnsupportedMedia(ValueError):
    """A media type that forms do not post here, or a file (415)."""


class _NoFiles(FileUploadHandler):
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.request.has_file = True  # type: ignore[union-attr]
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


class _Seen:
    has_file = False


def media_type(content_type: str) -> str:
    """Without parameters, in lower case: "application/json"."""
    return content_type.split(";", 1)[0].strip().lower()


def parse(body: bytes, content_type: str) -> Any:
    """The body as JSON-like values; form posts become a dict. Raises MalformedBody or UnsupportedMedia."""
    kind = media_type(content_type)
    if kind == JSON or kind.endswith("+json"):
        return _parse_json(body)
    if kind == FORM:
        return _parse_form(body, charset=_parameter(content_type, "charset", "utf-8"))
    if kind == MULTIPART:
        return _parse_multipart(body, content_type)
    raise UnsupportedMedia(
        f"Send the form as {JSON}, {FORM} or {MULTIPART}; this came as {kind or 'no media type at all'}."
    )


def _parse_json(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from None
    if not isinstance(value, dict | list):
        raise MalformedBody("The body must be a JSON object with the form's values.")
    return value


def _parse_form(body: bytes, *, charset: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode(charset), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except (ValueError, LookupError) as error:
        raise MalformedBody(f"The body is not a valid form post: {error}.") from None
    return form_body(pairs)


def _parse_multipart(body: bytes, content_type: str) -> dict[str, Any]:
    seen = _Seen()
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    try:
        handler = _NoFiles(seen)  # type: ignore[arg-type]
        values, _files = MultiPartParser(meta, BytesIO(body), [handler], "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation, ValueError) as error:
        raise MalformedBody(f"The body is not a valid multipart post: {error}.") from None
    # Django's parser takes a body without its boundary for one without parts.
    if not values and body and f"--{_parameter(content_type, 'boundary')}".encode() not in body:
        raise MalformedBody("The body is not a valid multipart post: its boundary is not in it.")
    if seen.has_file:
        raise UnsupportedMedia("Files cannot be sent to this form: send text fields only.")
    return form_body((name, value) for name, listed in values.lists() for value in listed)


def _parameter(content_type: str, name: str, default: str = "") -> str:
    message = Message()
    message["content-type"] = content_type
    return str(message.get_param(name, default))
