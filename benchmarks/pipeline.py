"""Leads per second through the whole pipeline, against one lead per transaction through the ORM (`baseline_orm`).

Two worker processes on each side drain the same number of prepared submissions, in turn, on the same PostgreSQL.
"""

import sys
import time

from benchmarks.figures import Figure, against
from benchmarks.services import Services

RUNS, LEADS, BASELINE_LEADS, PROCESSES, WARM_UP = 5, 2000, 500, 2, 200


def measure(*, quick: bool) -> list[Figure]:
    runs, leads, fewer = (1, 300, 100) if quick else (RUNS, LEADS, BASELINE_LEADS)
    rates: dict[str, list[float]] = {"ours": [], "baseline": []}
    with Services() as services:
        prepared = 0
        for _ in range(runs):
            for side, count in (("ours", leads), ("baseline", fewer)):
                rates[side].append(_drained(services, side, first=prepared, count=count))
                prepared += count + WARM_UP
        left = services.sql("SELECT count(*) FROM intake_submission WHERE status <> 'handed_off'")[0][0]
        assert left == 0, f"{left} submissions were not handed off"
    return [against("pipeline, 2 worker processes", rates["ours"], rates["baseline"], "leads/s")]


def _drained(services: Services, side: str, *, first: int, count: int) -> float:
    """Leads per second from the word to start until the last worker finds nothing more."""
    prepare = [sys.executable, "-m", "benchmarks.prepare"]
    services.run([*prepare, str(first), str(WARM_UP)])
    command = [sys.executable, "-m", "benchmarks.drain", side]
    workers = [services.talk(command) for _ in range(PROCESSES)]
    for _process, _say, hear in workers:
        assert hear.readline() == "ready\n"
    services.run([*prepare, str(first + WARM_UP), str(count)])
    begin = time.perf_counter()
    for _process, say, _hear in workers:
        say.write("go\n")
        say.flush()
    worked = sum(int(hear.readline()) for _process, _say, hear in workers)
    seconds = time.perf_counter() - begin
    assert worked == count, f"{worked} of {count} were worked"
    for process, say, _hear in workers:
        say.close()
        process.wait()
    return worked / seconds
