import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.db import connection

from leadops.launcher import readiness, stack
from leadops.launcher.options import Options
from leadops.launcher.programs import raise_open_files
from tests.leadops.launcher.running import free_port


class Web:
    """The web part as the launcher starts it, on the test's own database."""

    def __init__(self, folder: Path, **environ: str) -> None:
        raise_open_files()
        self.port = free_port()
        options = Options(
            data_dir=folder,
            bind="127.0.0.1",
            port=self.port,
            sandbox_port=free_port(),
            public_url=f"http://127.0.0.1:{self.port}",
            demo=False,
        )
        options.logs.mkdir()
        database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
        env = {
            **os.environ,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "leadops.settings",
            "LEADOPS_PUBLIC_URL": options.public_url,
            **environ,
        }
        programs = stack.parts(options, env=env, queues=[])
        self.program = next(one for one in programs if one.name == "web")

    def start(self) -> None:
        self.program.start(pulse=lambda: None)
        until = time.monotonic() + 60
        while readiness.ask("127.0.0.1", self.port, "/healthz")[0] != 200:
            assert time.monotonic() < until, self.program.log.read_text()
            time.sleep(0.1)

    def workers(self) -> list[psutil.Process]:
        assert self.program.process is not None
        return psutil.Process(self.program.process.pid).children()


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A small body has a second here."""
    web = Web(tmp_path_factory.mktemp("web"), LEADOPS_BODY_SECONDS="1")
    try:
        web.start()
        yield web
    finally:
        web.program.stop()


@pytest.fixture(scope="module")
def patient_web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A body has longer than any test takes."""
    web = Web(tmp_path_factory.mktemp("web"), LEADOPS_BODY_SECONDS="600")
    try:
        web.start()
        yield web
    finally:
        web.program.stop()
