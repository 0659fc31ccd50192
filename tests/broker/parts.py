"""The programs of a running leadops, each a process of its own, as an operator starts them on many machines."""

import json
import os
import subprocess
import time
import urllib.request

from django.conf import settings
from django.db import connection

from leadops.launcher import programs
from tests.broker.servers import end, free_port

PATIENCE = 90
# An accept waits for PostgreSQL and for nothing else; this only ends a test in which it waits for the broker.
ANSWER = 10


class Parts:
    def __init__(self, broker_url, folder):
        self.folder = folder
        self.port = free_port()
        self.env = {
            **os.environ,
            "CELERY_BROKER_URL": broker_url,
            "DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}",
            "DJANGO_SETTINGS_MODULE": "leadops.settings",
            "LEADOPS_NOTICE_GRACE": "0",
        }
        self.running = []

    def web(self):
        self._start(programs.web(bind="127.0.0.1", port=self.port, processes=1), "web")
        wait_until(self._answers, self.words)

    def worker(self):
        command = programs.worker(queues=settings.LEADOPS_CELERY_QUEUES, processes=1)
        log = self._start(command, "worker")
        wait_until(lambda: " ready." in log.read_text(errors="replace"), self.words)

    def beat(self):
        self._start(programs.beat(), "beat")

    def post(self, values):
        """The status of the answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/forms/demo-request/submissions",
            data=json.dumps(values).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self._opener().open(request, timeout=ANSWER) as answer:
            return answer.status

    def words(self):
        """What the programs have said, for a test that fails."""
        logs = self.folder.glob("*.log")
        return "\n".join(f"{log.name}:\n{log.read_text(errors='replace')[-3000:]}" for log in logs)

    def stop(self):
        for process in reversed(self.running):
            end(process, patience=5)

    def _start(self, command, name):
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env=self.env,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.running.append(process)
        return log

    def _answers(self):
        try:
            with self._opener().open(f"http://127.0.0.1:{self.port}/healthz", timeout=ANSWER) as answer:
                return answer.status == 200
        except OSError:
            return False

    @staticmethod
    def _opener():
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_until(condition, words):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, words()
        time.sleep(0.1)
