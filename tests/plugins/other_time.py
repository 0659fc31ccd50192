"""The whole run at another time: `LEADOPS_TESTS_AT=2026-12-26T23:59:30+00:00 pytest -p tests.plugins.other_time`.

Django's clock stands at that instant when the run begins and goes on from there, in every test of this process. Nothing may
depend on the weekday, the hour or a public holiday, so everything is green at any time; parts in processes of their own
(launcher, drills) keep the real one.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack
from datetime import datetime

import pytest

_patches = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart() -> Generator[None, None, None]:
    from tests import clock

    _patches.enter_context(clock.starting_at(datetime.fromisoformat(os.environ["LEADOPS_TESTS_AT"])))
    yield


def pytest_sessionfinish() -> None:
    _patches.close()
