"""From raw bytes to a value and back to something to look at: the three media types that forms post."""

import json
import re
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from intake.notes import Note
from intake.vendors.clean import form_body
from intake.vendors.json_text import decode
from plumbing.nesting import TOO_DEEP, is_too_deep
from plumbing.readable import readable, readable_json

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
MAX_BYTES = 256 * 1024
MAX_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """JSON-like values as they were sent; form posts are a dict. `notes` say what the sender may not have meant."""

    value: Any
    notes: tuple[Note, ...] = ()


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


def is_json(content_type: str) -> bool:
    """Whether it is JSON, also by a name of its own (`application/vnd.acme+json`)."""
    kind = media_type(content_type)
    return kind == JSON or kind.endswith("+json")


def parse(body: bytes, content_type: str) -> ParsedBody:
    """What the body says by its media type. Raises MalformedBody or UnsupportedMedia."""
    if is_json(content_type):
        return _parse_json(body)
    kind = media_type(content_type)
    if kind == FORM:
        return ParsedBody(_parse_form(body, charset=_parameter(content_type, "charset", "utf-8")))
    if kind == MULTIPART:
        return ParsedBody(_parse_multipart(body, content_type))
    raise UnsupportedMedia(unsupported(kind))


def unsupported(kind: str) -> str:
    """What a sender of another media type is told."""
    return f"Send the form as {JSON}, {FORM} or {MULTIPART}; this came as {kind or 'no media type at all'}."


def shown(body: bytes, content_type: str) -> str:
    """A stored body as people read it, whatever it is: JSON laid out, and codes for what cannot be shown."""
    text = body.decode("utf-8", "replace")
    return readable_json(text) if is_json(content_type) else readable(text)


def _parse_json(body: bytes) -> ParsedBody:
    notes: list[Note] = []
    try:
        text = body.decode(json.detect_encoding(body))
        value = decode(text, notes)
    except ValueError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from None
    except RecursionError:
        raise MalformedBody(TOO_DEEP) from None
    if is_too_deep(value, text=text):
        raise MalformedBody(TOO_DEEP)
    if isinstance(value, list):
        # No vendor that we read posts one; it would be one lead of many.
        raise MalformedBody(
            "The body is a list. Send one JSON object with the form's values for each person."
        )
    if not isinstance(value, dict):
        raise MalformedBody("The body must be a JSON object with the form's values.")
    return ParsedBody(value, tuple(notes))


def _parse_form(body: bytes, *, charset: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode(charset), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except (ValueError, LookupError) as error:
        raise MalformedBody(f"The body is not a valid form post: {error}.") from None
    return form_body(pairs)


def _parse_multipart(body: bytes, content_type: str) -> dict[str, Any]:
    boundary = _parameter(content_type, "boundary").encode()
    # Django's parser takes another boundary's parts for none, or for odd ones of its own.
    if body and not re.search(rb"(?:^|\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|$)", body):
        raise MalformedBody(
            "The body is not a valid multipart post: the boundary of its Content-Type is not in it."
        )
    seen = _Seen()
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    try:
        handler = _NoFiles(seen)  # type: ignore[arg-type]
        values, _files = MultiPartParser(meta, BytesIO(body), [handler], "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation, ValueError) as error:
        raise MalformedBody(f"The body is not a valid multipart post: {error}.") from None
    if seen.has_file:
        raise UnsupportedMedia("Files cannot be sent to this form: send text fields only.")
    return form_body((name, value) for name, listed in values.lists() for value in listed)


def _parameter(content_type: str, name: str, default: str = "") -> str:
    message = Message()
    message["content-type"] = content_type
    return str(message.get_param(name, default))
