"""People at work in the CRM while all else fails: they give leads to others, delete, erase, restore and merge records.

What a person has done is written down here, and the checker expects what follows of it from these notes alone.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.drills import reading
from tests.drills.installation import Installation
from tests.drills.talking import UNANSWERED
from tests.drills.traffic import Post

GIVEN, GIVEN_TWICE = "given to somebody else", "given to somebody else, then to a third"
DELETED, ERASED, RESTORED = "deleted", "erased for privacy", "deleted and restored"
MERGED, MERGED_AWAY = "merged with a stranger's", "merged into another lead's"
STORIES = (GIVEN, GIVEN, GIVEN, GIVEN_TWICE, DELETED, ERASED, RESTORED, MERGED, MERGED_AWAY)
"""As often as they stand here."""
GONE = (DELETED, ERASED, MERGED_AWAY)
MOVED = (GIVEN, GIVEN_TWICE)
CONTACTS = "/control/hubspot/contacts"
NEWEST = 20
"""Half of the leads that people choose are among so many that came last."""
PATIENCE = 300.0
"""Seconds for which somebody tries again while the CRM is dead, or no lead is to be found."""


@dataclass(slots=True)
class Deed:
    """`email`: whose record; `by`: who did it; `owners`: to whom it was given, one after the other; `into`: whose record it has
    become a part of. `at`: Unix time. `done`: the CRM has answered that it is so."""

    story: str
    email: str
    by: str
    owners: tuple[str, ...] = ()
    into: str = ""
    at: float = 0.0
    done: bool = False


class People:
    """So many deeds over `seconds`, each on another lead and by a thread of its own. They choose by chance, the same chance for
    the same seed; `among` are the owners who give leads to each other."""

    def __init__(
        self,
        installation: Installation,
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
        self._stories = _stories(deeds, random.Random(f"people {seed}"))
        self._touched: set[str] = set()
        self._lock = threading.Lock()
        self._owners = reading.crm_owners(installation.sandbox)
        self._work = threading.Thread(target=self._go_to_work, daemon=True)

    def start(self) -> None:
        self._work.start()

    def end(self) -> None:
        """When each has done what they had begun."""
        self._work.join()

    def _go_to_work(self) -> None:
        begin, threads = time.monotonic(), []
        for place, story in enumerate(self._stories):
            time.sleep(max(0.0, begin + self.slot * (place + 0.5) - time.monotonic()))
            choose = random.Random(f"person {self.seed} {place}")
            threads.append(threading.Thread(target=self._do, args=(story, choose), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _do(self, story: str, choose: random.Random) -> None:
        found = self._somebody(choose, is_known=story in (*GONE, RESTORED))
        if found is None:
            return
        email, record = found
        by = choose.choice(self.among)
        deed = Deed(story, email, by, at=time.time())
        with self._lock:
            self.deeds.append(deed)
        at = f"{CONTACTS}/{record['id']}"
        match story:
            case _ if story in MOVED:
                deed.done = self._give(deed, record, at=at, choose=choose)
            case _ if story in (DELETED, ERASED):
                deed.done = self._ask("DELETE", at + ("?privacy=true" if story == ERASED else ""))
            case _ if story == RESTORED:
                deed.done = self._ask("DELETE", at)
                time.sleep(choose.uniform(0, 20))
                deed.done = self._ask("POST", f"{at}/restore", {}) and deed.done
            case _ if story == MERGED:
                second = {"properties": {"email": f"second.{email}"}, "by": by}
                self._ask("POST", CONTACTS, second)
                other = self._look(second["properties"]["email"])
                deed.done = other is not None and self._merge(record, other, by=by)
            case _:
                into = self._somebody(choose, is_known=True)
                if into is not None:
                    deed.into = into[0]
                    deed.done = self._merge(into[1], record, by=by)

    def _give(self, deed: Deed, record: Any, *, at: str, choose: random.Random) -> bool:
        has = self._owners.get(record.get("hubspot_owner_id") or "", "")
        done = True
        for again in range(2 if deed.story == GIVEN_TWICE else 1):
            if again:
                time.sleep(choose.uniform(0, 3))
            has = choose.choice([one for one in self.among if one != has])
            deed.owners += (has,)
            done = self._ask("POST", f"{at}/owner", {"owner": has, "by": deed.by}) and done
        return done

    def _merge(self, kept: Any, other: Any, *, by: str) -> bool:
        """Whoever is not answered looks whether it is so before trying again."""
        two = {"primary": kept["id"], "other": other["id"], "by": by}
        return self._ask("POST", f"{CONTACTS}/merge", two, done=lambda: self._are_one(kept, other))

    def _are_one(self, kept: Any, other: Any) -> bool:
        found = [self.installation.sandbox.get(f"{CONTACTS}/{one['id']}")["id"] for one in (kept, other)]
        return found[0] == found[1]

    def _somebody(self, choose: random.Random, *, is_known: bool) -> tuple[str, Any] | None:
        """The address and record of a lead that nobody has touched. `is_known`: leadops shows the record by now, where a person
        who opens it from there has seen it. What was deleted before anybody could know of it is made like any other."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            there = [post.body["email"] for post in self.posts if post.submission]
            some = there[-NEWEST:] if choose.random() < 0.5 else there
            email = choose.choice(some) if some else ""
            if email and self._take(email):
                try:
                    record = self._look(email)
                    is_ours = record is not None and bool(record.get("leadops_lead_id"))
                    if is_ours and (not is_known or self._is_shown(email, record["id"])):
                        return email, record
                except UNANSWERED:
                    pass  # It is dead for the moment.
                self._leave(email)
            time.sleep(0.3)
        return None

    def _take(self, email: str) -> bool:
        with self._lock:
            is_free = email not in self._touched
            self._touched.add(email)
        return is_free

    def _leave(self, email: str) -> None:
        with self._lock:
            self._touched.discard(email)

    def _look(self, email: str) -> Any:
        """Properties with the `id`, None where nobody is called so. Raises one of UNANSWERED."""
        found = self.installation.sandbox.get(f"{CONTACTS}/{email}?idProperty=email", missing={})
        return {"id": found["id"], **found["properties"]} if found else None

    def _is_shown(self, email: str, number: str) -> bool:
        leads = self.installation.api.get(f"/api/v1/leads?email={email}")["results"]
        return any(one["remote_id"] == number for lead in leads for one in lead["crm"])

    def _ask(
        self, method: str, path: str, body: Any = None, *, done: Callable[[], bool] | None = None
    ) -> bool:
        """Again until the CRM answers. Whoever has got no answer takes a refusal for "it is so already", or asks `done`."""
        until, lost = time.monotonic() + PATIENCE, False
        while time.monotonic() < until:
            try:
                if lost and done is not None and done():
                    return True
                status, _ = self.installation.sandbox.ask(method, path, body)
                return status < 300 or (lost and done is None)
            except UNANSWERED:
                lost = True
            time.sleep(1)
        return False


def _stories(count: int, choose: random.Random) -> list[str]:
    found = list[str]()
    while len(found) < count:
        found += choose.sample(STORIES, len(STORIES))
    return found[:count]
