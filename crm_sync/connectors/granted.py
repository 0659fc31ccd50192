"""What a token has to be allowed, in words that no CRM owns."""

from dataclasses import dataclass
from typing import Literal

# What a right is needed for: writing and reading people, reading and making properties, owners, and what the mirror reads.
RightArea = Literal["records", "properties", "own_properties", "owners", "companies", "deals", "touches"]


@dataclass(frozen=True, slots=True)
class Right:
    """What a token has to be allowed, by the name that people find in the CRM."""

    name: str
    area: RightArea
    granted: bool
