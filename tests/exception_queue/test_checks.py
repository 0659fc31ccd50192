import sys
from types import ModuleType

import pytest

from exception_queue.checks import check_exception_kinds
from exception_queue.kinds import ExceptionKind
from tests.exception_queue.kinds_for_tests import HERE, kind


@pytest.fixture
def module(monkeypatch, settings):
    """A module of kinds, put into settings beside the tests' own."""

    def with_kinds(*kinds):
        made = ModuleType("kinds_of_a_check")
        made.KINDS = list(kinds)
        monkeypatch.setitem(sys.modules, made.__name__, made)
        settings.LEADOPS_EXCEPTION_KINDS = [HERE, made.__name__]

    return with_kinds


def found():
    return [(message.id, message.msg) for message in check_exception_kinds(None)]


def test_it_finds_nothing_in_good_kinds():
    assert found() == []


def test_it_finds_a_module_that_cannot_be_used(settings):
    settings.LEADOPS_EXCEPTION_KINDS = ["nowhere.exception_kinds", "exception_queue.queue"]
    assert [id for id, _ in found()] == ["exception_queue.E001"] * 2


def test_it_finds_a_key_that_is_used_twice(module):
    module(kind("spam"))
    [(id, words)] = found()
    assert id == "exception_queue.E002"
    assert "“test.spam”" in words
    assert HERE in words


@pytest.mark.parametrize(
    "broken",
    [
        ExceptionKind(key="test.x", title="", severity="low", what_to_do="Look."),
        ExceptionKind(key="test.x", title="X", severity="low", what_to_do=""),
        ExceptionKind(key="test.x", title="X", severity="dire", what_to_do="Look."),
    ],
)
def test_it_finds_a_kind_that_helps_nobody(module, broken):
    module(broken)
    assert [id for id, _ in found()] == ["exception_queue.E003"]


def test_it_finds_a_retry_door_that_is_not_there(module):
    module(kind("x", retry="no_such_door"))
    [(id, words)] = found()
    assert id == "exception_queue.E004"
    assert "has no “no_such_door”" in words


def test_it_finds_a_dismiss_handler_that_is_not_there(module):
    module(kind("x", on_dismiss=f"{HERE}.nobody"))
    [(id, words)] = found()
    assert (id, "Dismiss handler" in words) == ("exception_queue.E004", True)


def test_it_finds_a_function_of_pages_that_is_not_there(settings):
    settings.LEADOPS_EXCEPTION_PAGES = f"{HERE}.no_such_pages"
    [(id, words)] = found()
    assert id == "exception_queue.E005"
    assert "has no “no_such_pages”" in words
