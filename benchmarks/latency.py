"""From submit to the CRM, on the whole stack as `manage.py up` runs it, with the CRM sandbox.

A lead's latency is from just before its request until its contact is made in the CRM, by the CRM's own record of when that was
(one machine, one clock). 20 leads a second are posted evenly, over 8 kept connections.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from benchmarks.figures import Figure, alone, percentile
from benchmarks.people import person
from benchmarks.running import Running

RATE, CLIENTS = 20.0, 8
RUNS, SECONDS = 3, 15.0
AT_ONCE, CLIENTS_AT_ONCE = 1000, 16
PATIENCE = 180.0
_numbers = count()


def measure(*, quick: bool) -> list[Figure]:
    runs, seconds, at_once = (1, 4.0, 100) if quick else (RUNS, SECONDS, AT_ONCE)
    figures: list[Figure] = []
    with Running() as leadops:
        _steady(leadops, seconds=3.0)
        for ms, crm in ((0, "instant CRM"), (80, "CRM that takes 80 ms a call")):
            leadops.slow_down_the_crm(ms)
            found = [_steady(leadops, seconds=seconds) for _ in range(runs)]
            for share in (0.5, 0.95):
                values = [percentile(waits, share) * 1000 for waits in found]
                figures.append(alone(f"submit -> {crm}, p{share * 100:.0f} at 20/s", values, "ms"))
        leadops.slow_down_the_crm(0)
        took, taken = zip(*(_at_once(leadops, leads=at_once) for _ in range(runs)), strict=True)
        figures.append(alone(f"{at_once:,} leads posted at once: all answered after", taken, "s"))
        figures.append(alone(f"{at_once:,} leads posted at once: all in the CRM after", took, "s"))
    return figures


def _steady(leadops: Running, *, seconds: float) -> list[float]:
    """Latencies in seconds."""
    begin = time.monotonic() + 0.2

    def post(place: int) -> tuple[str, float]:
        lead = person(next(_numbers))
        time.sleep(max(0.0, begin + place / RATE - time.monotonic()))
        return lead["email"], leadops.post(lead)

    with ThreadPoolExecutor(CLIENTS) as clients:
        sent = dict(clients.map(post, range(int(RATE * seconds))))
    arrived = _arrivals(leadops, set(sent))
    return [arrived[email] - at for email, at in sent.items()]


def _at_once(leadops: Running, *, leads: int) -> tuple[float, float]:
    """Seconds from the first post until the last lead was in the CRM, and until the last was answered."""
    people = [person(next(_numbers)) for _ in range(leads)]
    begin = time.time()
    with ThreadPoolExecutor(CLIENTS_AT_ONCE) as clients:
        list(clients.map(leadops.post, people))
    taken = time.time() - begin
    arrived = _arrivals(leadops, {lead["email"] for lead in people})
    return max(arrived[lead["email"]] for lead in people) - begin, taken


def _arrivals(leadops: Running, emails: set[str]) -> dict[str, float]:
    until = time.monotonic() + PATIENCE
    while emails - set(arrived := leadops.contacts()):
        if time.monotonic() > until:
            raise RuntimeError(f"{len(emails - set(arrived))} leads are not in the CRM after {PATIENCE} s")
        time.sleep(0.5)
    return arrived
