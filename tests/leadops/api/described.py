"""Answers held against the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

METHODS = {"get", "post", "put", "patch", "delete", "options"}


def foreseen(document: dict[str, Any], path: str, method: str, answer: Any) -> None:
    """Status, media type and body of the answer are as the document says."""
    responses = document["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, (path, answer.status_code, answer.content[:300])
    content = responses[str(answer.status_code)].get("content")
    if content is None:
        assert answer.content == b""
        return
    schema = {**content[answer["Content-Type"]]["schema"], "components": document["components"]}
    errors = list(Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.json()))
    assert not errors, (path, [f"{list(error.absolute_path)}: {error.message}" for error in errors])


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation
