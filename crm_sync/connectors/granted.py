"""What a token has to be allowed, and how people get one, in words that no CRM owns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# What a token is needed for: knowing people and their records, writing them, making tasks, reading and making properties, knowing
# owners, companies and deals, and what people have logged.
Purpose = Literal[
    "contacts", "writing", "tasks", "properties", "own_properties", "owners", "companies", "deals", "touches"
]


@dataclass(frozen=True, slots=True)
class TokenGuide:
    """How somebody who looks after the CRM makes a token. `token` and `right` are what one of each is called there.

    `steps`: what to do there, in order. `remarks`: what else they should know. All are plain sentences.
    """

    token: str
    right: str
    steps: Sequence[str]
    remarks: Sequence[str] = ()
