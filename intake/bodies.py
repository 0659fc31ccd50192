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

from intake import charsets
from intake.notes import Note
from intake.vendors.clean import form_body
from intake.vendors.json_text import decode
from plumbing.nesting import TOO_DEEP, is_too_deep
from plumbing.readable import readable, readable_json

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
MAX_BYTES = 256 * 1024
MAX_FIELDS = 1000
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


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
    charset = _parameter(content_type, "charset")
    if is_json(content_type):
        return _parse_json(body, charset=charset)
    kind = media_type(content_type)
    if kind == FORM:
        return _parse_form(body, charset=charset)
    if kind == MULTIPART:
        return _parse_multipart(body, content_type)
    raise UnsupportedMedia(unsupported(kind))


def unsupported(kind: str) -> str:
    """What a sender of another media type is told."""
    return f"Send the form as {JSON}, {FORM} or {MULTIPART}; this came as {kind or 'no media type at all'}."


def shown(body: bytes, content_type: str) -> str:
    """A stored body as people read it, whatever it is: JSON laid out, and codes for what cannot be shown."""
    text = body.decode("utf-8", "replace")
    return readable_json(text) if is_json(content_type) else readable(text)


def _parse_json(body: bytes, *, charset: str) -> ParsedBody:
    notes: list[Note] = []
    try:
        encoding = json.detect_encoding(body)
        text = charsets.decode(body, charset, notes) if encoding == "utf-8" else body.decode(encoding)
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


def _parse_form(body: bytes, *, charset: str) -> ParsedBody:
    notes: list[Note] = []
    # Letters that are not escaped are escaped first, so that all of them are read alike.
    escaped = _NOT_ASCII.sub(lambda match: b"%%%02X" % match[0][0], body).decode("ascii")
    try:
        pairs = parse_qsl(
            escaped, keep_blank_values=True, max_num_fields=MAX_FIELDS, encoding="latin-1", errors="strict"
        )
        return ParsedBody(form_body(charsets.of_form(pairs, charset, notes)), tuple(notes))
    except ValueError as error:
        raise MalformedBody(f"The body is not a valid form post: {error}.") from None


def _parse_multipart(body: bytes, content_type: str) -> ParsedBody:
    notes: list[Note] = []
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
        values, _files = MultiPartParser(meta, BytesIO(body), [handler], "latin-1").parse()
        if seen.has_file:
            raise UnsupportedMedia("Files cannot be sent to this form: send text fields only.")
        pairs = [(name, value) for name, listed in values.lists() for value in listed]
        return ParsedBody(
            form_body(charsets.of_form(pairs, _parameter(content_type, "charset"), notes)),
            tuple(notes),
        )
    except UnsupportedMedia:
        raise
    except (MultiPartParserError, SuspiciousOperation, ValueError) as error:
        raise MalformedBody(f"The body is not a valid multipart post: {error}.") from None


def _parameter(content_type: str, name: str, default: str = "") -> str:
    message = Message()
    message["content-type"] = content_type
    return str(message.get_param(name, default))
