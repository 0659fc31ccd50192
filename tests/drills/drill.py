"""One drill from start to report: posts at a steady rate while processes die and the surroundings fail, then quiet, then the
checker."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.drills import checker, full_disk, items, reading, report
from tests.drills.crm import Crm
from tests.drills.deeds import GONE, Deed
from tests.drills.hubspot import HubSpot
from tests.drills.installation import REMIND_AFTER, Installation
from tests.drills.people import People
from tests.drills.relay import Relay
from tests.drills.salesforce import Salesforce
from tests.drills.schedule import Trouble
from tests.drills.sizes import Size
from tests.drills.talking import UNANSWERED
from tests.drills.traffic import Traffic, strangers
from tests.drills.watching import Watch

CRMS: Mapping[str, Sequence[type[Crm]]] = {
    "hubspot": (HubSpot,),
    "salesforce": (Salesforce,),
    "both": (HubSpot, Salesforce),
}
"""The first one is the primary one."""


def connected(
    folder: Path, crms: Sequence[Crm], *, adjust: Callable[[Any], None] = lambda _: None
) -> Installation:
    """With these CRMs alone. `adjust` comes after them."""

    def connect(configuration: Any) -> None:
        demo = configuration["connections"][0]
        configuration["connections"] = [
            crm.connection(demo, primary=place == 0) for place, crm in enumerate(crms)
        ]
        adjust(configuration)

    env = {name: value for crm in crms for name, value in crm.env.items()}
    return Installation(folder, adjust=connect, env=env)


@dataclass
class Drill:
    crm: str
    size: Size
    seed: int
    command: str

    def run(self, into: Path) -> dict[str, Any]:
        """The result, as written to drill-report.json in `into`."""
        machine = report.machine()
        folder = Path(tempfile.mkdtemp(prefix="leadops-drill-"))
        crms = [each() for each in CRMS[self.crm]]
        installation = connected(folder, crms)
        try:
            self.say("starting leadops")
            installation.start()
            for crm in crms:
                crm.set_up(installation)
            installation.keep_running()
            result = self._under_fire(installation, crms)
        except BaseException:
            self.say(f"it ended early; the launcher's words are in {installation.output}")
            raise
        finally:
            installation.end()
        if self.size.full_disk:
            self.say("filling a disk")
            result["full_disk"] = full_disk.run(folder / "small")
            result["failed"] += full_disk.failures(result["full_disk"])
        logs = into / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        if result["failed"]:
            shutil.copytree(folder / "logs", logs)
        shutil.rmtree(folder, ignore_errors=True)
        result["verdict"] = self._verdict(result)
        result |= {"machine": machine, "command": self.command, "seed": self.seed, "size": asdict(self.size)}
        page = report.write(result, into)
        self.say(f"{result['verdict']} {page}")
        return result

    def _under_fire(self, installation: Installation, crms: Sequence[Crm]) -> dict[str, Any]:
        size = self.size
        traffic = Traffic(installation.form, strangers(size.posts), size.per_second, size.clients)
        trouble = Trouble(installation, crms, size, self.seed)
        relay = Relay(installation, seed=self.seed) if self.crm != "salesforce" else None
        people = People(
            installation,
            crms,
            traffic.posts,
            deeds=size.deeds,
            seconds=size.seconds,
            among={owner for members in installation.weights().values() for owner in members},
            seed=self.seed,
        )
        begin = datetime.now(UTC)
        since = quote(begin.isoformat(timespec="seconds"))
        self.say(f"{size.posts:,} posts in {size.seconds:.0f} s, {size.kills} kills")
        watch = Watch(installation.api)
        watch.start()
        if relay is not None:
            relay.start()
        trouble.start()
        people.start()
        traffic.run()
        trouble.end()
        people.end()
        posted = time.time()
        self.say(f"posted after {posted - begin.timestamp():.0f} s; waiting until it is quiet")
        installation.wait_until_ready()
        gone = sum(deed.story in GONE for deed in people.deeds)
        quiet = checker.wait_until_quiet(
            installation.api,
            since=since,
            remind_after=REMIND_AFTER + 5,
            seconds=size.quiet,
            gone=gone,
        )
        left = {} if quiet is not None else _left(installation, since=since, gone=gone)
        if relay is not None:
            relay.end()
        watch.end()
        self.say("quiet" if quiet is not None else f"not quiet: {left}")
        found = checker.check(
            api=installation.api,
            sandbox=installation.sandbox,
            crms=crms,
            mail=installation.data_dir / "mail",
            posts=traffic.posts,
            weights=installation.weights(),
            since=since,
            sampled=size.sampled,
            seed=self.seed,
            say=self.say,
            deeds=people.deeds,
        )
        items.check_looks(found, watch.looks)
        asked = reading.exceptions(installation.api)
        for crm in crms:
            items.check_causes(
                found,
                crm,
                asked,
                watch.looks,
                struck=trouble.struck,
                began=trouble.began,
                restarts_of_the_crm=trouble.kills["sandbox"] + trouble.kills["launcher"],
            )
        shutil.copytree(installation.data_dir / "logs", installation.data_dir.parent / "logs")
        return {
            "at": begin.strftime("%Y-%m-%d %H:%M UTC"),
            "findings": asdict(found),
            "failed": found.failed + ([] if quiet is not None else [f"not quiet: {left}"]),
            "latencies": report.latencies(traffic.posts),
            "seconds": {"posting": traffic.last_answer - begin.timestamp(), "quiet": quiet},
            "left": left,
            "answers": dict(traffic.answers.most_common()),
            "kills": dict(trouble.kills.most_common()),
            "killed": trouble.killed,
            "missed": trouble.missed,
            "restarts": installation.restarts,
            "deeds": dict(Counter(self._told(deed, crms) for deed in people.deeds).most_common()),
            "webhooks": relay.said() if relay is not None else None,
            "faults": [asdict(one) for one in trouble.struck],
        }

    def _verdict(self, result: dict[str, Any]) -> str:
        if result["failed"]:
            return f"**Failed: {'; '.join(result['failed'])}.**"
        taken = result["findings"]["counts"]["answered 202"]
        twice = result["findings"]["wrong"]["mails sent twice"]
        return (
            f"**Held**: 0 of {taken:,} lost, 0 doubled, every lead once in {_names(CRMS[self.crm])} with its owner and one "
            "task, what people did there kept, nothing written to and fro, shares exact, one exception for each cause, closed by "
            f"itself (but for records that people took away, which ask); mails sent twice: {twice}."
        )

    def _told(self, deed: Deed, crms: Sequence[Crm]) -> str:
        return deed.story if len(crms) == 1 else f"{deed.crm}: {deed.story}"

    def say(self, text: str) -> None:
        print(f"drill: {text}", flush=True)


def _names(crms: Sequence[type[Crm]]) -> str:
    return " and once in ".join(crm.label for crm in crms)


def _left(installation: Installation, *, since: str, gone: int) -> dict[str, float]:
    try:
        return checker.what_is_left(installation.api, since=since, gone=gone)
    except UNANSWERED as error:
        return {f"no answer: {error}": 1}
