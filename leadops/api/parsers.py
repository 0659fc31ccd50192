"""Bodies of submissions as DRF reads them: the three media types that forms post, and the whole body first."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from intake import bodies
from leadops.api.problems import ApiProblem
from plumbing.whole_numbers import whole_number


def read_body(request: HttpRequest) -> bytes:
    """The whole body, at most `bodies.MAX_BYTES` (413), left where Django and DRF look for one that has been read."""
    declared = whole_number(request.META.get("CONTENT_LENGTH") or "0")
    if declared is not None and declared > bodies.MAX_BYTES:
        raise _too_large()
    # Django sees no body where no length is declared; the server underneath takes chunks apart.
    chunked = request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    stream = request.environ["wsgi.input"] if chunked and isinstance(request, WSGIRequest) else request
    body: bytes = stream.read(bodies.MAX_BYTES + 1)
    if len(body) > bodies.MAX_BYTES:
        raise _too_large()
    request._body, request._read_started = body, True  # type: ignore[attr-defined]
    request.META["CONTENT_LENGTH"] = str(len(body))
    return body


def _too_large() -> ApiProblem:
    return ApiProblem(413, f"A submission has at most {bodies.MAX_BYTES // 1024} KiB.")


def parse_body(body: bytes, content_type: str) -> bodies.ParsedBody:
    """As `bodies.parse`, with DRF's words for what goes wrong."""
    try:
        return bodies.parse(body, content_type)
    except bodies.MalformedBody as error:
        raise ParseError(str(error)) from None
    except bodies.UnsupportedMedia as error:
        raise UnsupportedMediaType(content_type, detail=str(error)) from None


class _SubmissionParser(BaseParser):
    """`request.data` is a `bodies.ParsedBody`."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return parse_body(stream.read(), media_type or "")


class SubmittedJson(_SubmissionParser):
    media_type = bodies.JSON


class SubmittedForm(_SubmissionParser):
    media_type = bodies.FORM


class SubmittedMultipart(_SubmissionParser):
    media_type = bodies.MULTIPART


class ByMediaType(BaseContentNegotiation):
    """The parser by the body's type; one kind of answer, whatever a form's browser says that it accepts."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        kind = (
            bodies.JSON if bodies.is_json(request.content_type) else bodies.media_type(request.content_type)
        )
        for parser in parsers:
            if parser.media_type == kind:
                return parser
        raise UnsupportedMediaType(kind, detail=bodies.unsupported(kind))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
