"""People who fill in the form at a steady rate, and press the button again until somebody answers."""

import queue
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.drills.talking import UNANSWERED, Server

PATH = "/api/v1/forms/demo-request/submissions"
AGAIN_AFTER, LONGEST_WAIT = 0.5, 3.0
GIVE_UP_AFTER = 300.0
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "xe"]


@dataclass
class Post:
    """One person's submission. `submission` is what was answered with 202; times are Unix time and seconds."""

    number: int
    key: str
    body: dict[str, Any]
    submission: str = ""
    attempts: int = 0
    answered_in: float = 0.0
    waited: float = 0.0
    refused: Any = None


@dataclass
class Traffic:
    """`clients` threads share the posts that fall due at `per_second`. What is unanswered, or answered with 429 or 5xx, is
    sent again with its own Idempotency-Key."""

    form: Server
    posts: list[Post]
    per_second: float
    clients: int
    answers: Counter[str] = field(default_factory=Counter)
    last_answer: float = 0.0

    def __post_init__(self) -> None:
        self._due: queue.SimpleQueue[tuple[Post, float] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Until every post has been answered or given up."""
        threads = [threading.Thread(target=self._client, daemon=True) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        begin = time.monotonic()
        for place, post in enumerate(self.posts):
            due = begin + place / self.per_second
            time.sleep(max(0.0, due - time.monotonic()))
            self._due.put((post, due))
        for _ in threads:
            self._due.put(None)
        for thread in threads:
            thread.join()

    def _client(self) -> None:
        while (taken := self._due.get()) is not None:
            post, due = taken
            self._send(post, until=due + GIVE_UP_AFTER)
            post.waited = time.monotonic() - due

    def _send(self, post: Post, *, until: float) -> None:
        wait = AGAIN_AFTER
        while True:
            post.attempts += 1
            sent = time.monotonic()
            try:
                status, answer = self.form.ask("POST", PATH, post.body, Idempotency_Key=post.key)
                self._count(str(status))
            except UNANSWERED as error:
                status, answer = 0, None
                self._count(type(error).__name__)
            if status == 202:
                post.submission, post.answered_in = answer["submission_id"], time.monotonic() - sent
                self.last_answer = time.time()
                return
            if 400 <= status < 500 and status != 429:
                post.refused = answer
                return
            if time.monotonic() > until:
                return
            time.sleep(wait)
            wait = min(wait * 1.5, LONGEST_WAIT)

    def _count(self, answer: str) -> None:
        with self._lock:
            self.answers[answer] += 1


def strangers(count: int) -> list[Post]:
    """People who have nothing in common, every other one from America; all of them hot."""
    return [Post(number, str(uuid.uuid4()), _person(number)) for number in range(count)]


def _person(number: int) -> dict[str, Any]:
    return {
        "email": f"{_word(number)}@{_word(number * 7919 + 5)}.example",
        "full_name": f"{_word(number * 31 + 7).title()} {_word(number * 7907 + 11).title()}",
        "company": f"{_word(number * 104729 + 3).title()} Works",
        "country": "US" if number % 2 else "DE",
        "job_title": "Head of Sales",
        "employee_count": 900,
    }


def _word(number: int) -> str:
    """Another one for each number below 65,536."""
    word = ""
    for _ in range(4):
        number, rest = divmod(number, len(SYLLABLES))
        word += SYLLABLES[rest]
    return word
