"""Bodies of the API are JSON in UTF-8 (RFC 8259)."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from plumbing.nesting import TOO_DEEP, is_too_deep


class JsonBodyParser(JSONParser):
    """Whatever charset the header claims; what is too large is a 413, what is nested too deep a 400 like any other body that
    cannot be read."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise RequestDataTooBig(
                "The body is too large."
            )  # Problems are not there yet when DRF loads its parsers.
        try:
            value = super().parse(BytesIO(raw), media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        if is_too_deep(value, text=raw.decode("utf-8", "replace")):
            raise ParseError(TOO_DEEP)
        return value
