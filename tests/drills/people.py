"""People at work in the CRMs while all else fails: they give leads to others, delete, erase, restore, merge and convert records.

What a person has done is written down, and the checker expects what follows of it from these notes alone.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.drills.crm import Call, Crm, Record
from tests.drills.deeds import (
    CONVERTED,
    CONVERTED_AND_GIVEN,
    DELETED,
    ERASED,
    GIVEN,
    GIVEN_TWICE,
    MERGED,
    MERGED_AWAY,
    RESTORED,
    Deed,
)
from tests.drills.installation import Installation
from tests.drills.talking import UNANSWERED
from tests.drills.traffic import Post

NEWEST = 20
"""Half of the leads that people choose are among so many that came last."""
PATIENCE = 300.0
"""Seconds for which somebody tries again while the CRM is dead, or no lead is to be found."""
PASSES = ("STORAGE_LIMIT_EXCEEDED",)
"""What refuses people too, and is over soon."""


class People:
    """So many deeds over `seconds`, in each CRM in turn, each on another lead and by a thread of its own. They choose by chance,
    the same chance for the same seed; `among` are the owners who give leads to each other."""

    def __init__(
        self,
        installation: Installation,
        crms: Sequence[Crm],
        posts: Sequence[Post],
        *,
        deeds: int,
        seconds: float,
        among: Sequence[str],
        seed: int,
    ) -> None:
        self.installation, self.posts, self.among = installation, posts, sorted(among)
        self.seed, self.slot = seed, seconds / max(1, deeds)
        self.deeds: list[Deed] = []
        self._stories = stories(crms, deeds, random.Random(f"people {seed}"))
        self._touched: set[str] = set()
        self._lock = threading.Lock()
        self._work = threading.Thread(target=self._go_to_work, daemon=True)

    def start(self) -> None:
        self._work.start()

    def end(self) -> None:
        """When each has done what they had begun."""
        self._work.join()

    def _go_to_work(self) -> None:
        begin, threads = time.monotonic(), []
        for place, (crm, story) in enumerate(self._stories):
            time.sleep(max(0.0, begin + self.slot * (place + 0.5) - time.monotonic()))
            choose = random.Random(f"person {self.seed} {place}")
            threads.append(threading.Thread(target=self._do, args=(crm, story, choose), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _do(self, crm: Crm, story: str, choose: random.Random) -> None:
        is_known = story not in (GIVEN, GIVEN_TWICE, MERGED)
        record = self._somebody(crm, choose, is_known=is_known)
        if record is None:
            return
        by = choose.choice(self.among)
        deed = Deed(crm.key, story, record.email, by, at=time.time())
        with self._lock:
            self.deeds.append(deed)
        match story:
            case _ if story in (GIVEN, GIVEN_TWICE):
                deed.done = self._give(
                    crm, deed, record, times=2 if story == GIVEN_TWICE else 1, choose=choose
                )
            case _ if story in (DELETED, ERASED):
                deed.done = self._ask(crm.delete(record, erase=story == ERASED))
            case _ if story == RESTORED:
                deed.done = self._ask(crm.delete(record))
                time.sleep(choose.uniform(0, 20))
                deed.done = self._ask(crm.restore(record)) and deed.done
            case _ if story == MERGED:
                stranger = f"second.{record.email}"
                self._ask(crm.make(stranger, by))
                other = self._surely_look(crm, stranger)
                deed.done = other is not None and self._merge(crm, record, other, by=by)
            case _ if story in (CONVERTED, CONVERTED_AND_GIVEN):
                deed.done = self._ask(crm.convert(record, by))
                if story == CONVERTED_AND_GIVEN:
                    time.sleep(choose.uniform(0, 20))
                    contact = self._surely_look(crm, record.email)
                    given = contact is not None and self._give(crm, deed, contact, times=1, choose=choose)
                    deed.done = given and deed.done
            case _:
                assert story == MERGED_AWAY
                into = self._somebody(crm, choose, is_known=True)
                if into is not None:
                    deed.into = into.email
                    deed.done = self._merge(crm, into, record, by=by)

    def _give(self, crm: Crm, deed: Deed, record: Record, *, times: int, choose: random.Random) -> bool:
        has, done = record.owner, True
        for again in range(times):
            if again:
                time.sleep(choose.uniform(0, 3))
            has = choose.choice([one for one in self.among if one != has])
            deed.owners += (has,)
            done = self._ask(crm.give(record, has, deed.by)) and done
        return done

    def _merge(self, crm: Crm, kept: Record, other: Record, *, by: str) -> bool:
        """Whoever is not answered looks whether it is so before trying again."""
        sandbox = self.installation.sandbox
        return self._ask(crm.merge(kept, other, by), done=lambda: crm.are_one(sandbox, kept, other))

    def _somebody(self, crm: Crm, choose: random.Random, *, is_known: bool) -> Record | None:
        """The record of a lead that nobody has touched. `is_known`: leadops shows the record by now, where a person who opens it
        from there has seen it. What was deleted before anybody could know of it is made like any other."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            there = [post.body["email"] for post in self.posts if post.submission]
            some = there[-NEWEST:] if choose.random() < 0.5 else there
            email = choose.choice(some) if some else ""
            if email and self._take(email):
                try:
                    record = crm.look(self.installation.sandbox, email)
                    if record and record.lead and (not is_known or self._is_shown(crm, record)):
                        return record
                except UNANSWERED:
                    pass  # It is dead for the moment.
                self._leave(email)
            time.sleep(0.3)
        return None

    def _surely_look(self, crm: Crm, email: str) -> Record | None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                return crm.look(self.installation.sandbox, email)
            except UNANSWERED:
                time.sleep(1)
        return None

    def _take(self, email: str) -> bool:
        with self._lock:
            is_free = email not in self._touched
            self._touched.add(email)
        return is_free

    def _leave(self, email: str) -> None:
        with self._lock:
            self._touched.discard(email)

    def _is_shown(self, crm: Crm, record: Record) -> bool:
        leads = self.installation.api.get(f"/api/v1/leads?email={record.email}")["results"]
        return any(
            (one["connection"], one["remote_id"]) == (crm.key, record.id)
            for lead in leads
            for one in lead["crm"]
        )

    def _ask(self, call: Call, *, done: Callable[[], bool] | None = None) -> bool:
        """Again until the CRM answers. Whoever has got no answer takes a refusal for "it is so already", or asks `done`."""
        until, lost = time.monotonic() + PATIENCE, False
        while time.monotonic() < until:
            try:
                if lost and done is not None and done():
                    return True
                status, answer = self.installation.sandbox.ask(*call)
                if status < 300 or not any(word in str(answer) for word in PASSES):
                    return status < 300 or (lost and done is None)
            except UNANSWERED:
                lost = True
            time.sleep(1)
        return False


def stories(crms: Sequence[Crm], count: int, choose: random.Random) -> list[tuple[Crm, str]]:
    """What is done where: in each CRM in turn, all of its stories as often as they stand there, in an order by chance."""
    each: dict[str, list[Any]] = {crm.key: [] for crm in crms}
    found = list[tuple[Crm, str]]()
    for place in range(count):
        crm = crms[place % len(crms)]
        left = each[crm.key]
        if not left:
            left += choose.sample(crm.stories, len(crm.stories))
        found.append((crm, left.pop(0)))
    return found
