"""What people do in a CRM, and what they have done: their own notes, which the checker goes by."""

from dataclasses import dataclass

GIVEN, GIVEN_TWICE = "given to somebody else", "given to somebody else, then to a third"
DELETED, ERASED, RESTORED = "deleted", "erased for privacy", "deleted and restored"
MERGED, MERGED_AWAY = "merged with a stranger's", "merged into another lead's"
CONVERTED, CONVERTED_AND_GIVEN = "converted", "converted, then given to somebody else"
GONE = (DELETED, ERASED, MERGED_AWAY)
MOVED = (GIVEN, GIVEN_TWICE, CONVERTED_AND_GIVEN)


@dataclass(slots=True)
class Deed:
    """`crm`: where; `email`: whose record; `by`: who did it; `owners`: to whom it was given, one after the other; `into`: whose
    record it has become a part of. `at`: Unix time. `done`: the CRM has answered that it is so."""

    crm: str
    story: str
    email: str
    by: str
    owners: tuple[str, ...] = ()
    into: str = ""
    at: float = 0.0
    done: bool = False
