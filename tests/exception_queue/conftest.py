import pytest

from tests.exception_queue import kinds_for_tests


@pytest.fixture(autouse=True)
def kinds(settings):
    settings.LEADOPS_EXCEPTION_KINDS = [kinds_for_tests.HERE, "exception_queue.exception_kinds"]
    settings.LEADOPS_EXCEPTION_PAGES = f"{kinds_for_tests.HERE}.pages_of"
    kinds_for_tests.asked.clear()
    return kinds_for_tests
