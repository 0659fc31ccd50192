"""How large a drill is."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """`per_second` posts, so that all of them take `seconds`; kills and faults fall into that time.

    `fault_seconds` is how long each fault lasts, `rounds` how often each kind comes. `sampled`: leads whose story is read
    one by one (all of the other questions are asked about every lead). `quiet` is how long the rest may take: longer than
    the worker in another time is ahead, for what it puts off is put off by its clock. Faults that have `without` in their
    names are left out. `outage`: seconds for which the CRM is out of order as a whole. `deeds`: so often people do something with
    a lead's record in the CRM.
    """

    name: str
    posts: int
    per_second: float
    clients: int
    kills: int
    rounds: int
    fault_seconds: float
    sampled: int
    quiet: float
    full_disk: bool
    outage: float
    deeds: int
    without: str = ""

    @property
    def seconds(self) -> float:
        return math.ceil(self.posts / self.per_second)


SIZES = {
    size.name: size
    for size in (
        Size("short", 600, 8, 16, 10, 1, 3, 600, 480, full_disk=False, outage=8, deeds=27),
        Size("medium", 5_000, 30, 24, 20, 1, 8, 500, 600, full_disk=True, outage=60, deeds=180),
        Size("long", 50_000, 50, 32, 60, 3, 12, 1_000, 1_800, full_disk=True, outage=120, deeds=900),
    )
}
