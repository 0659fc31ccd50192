"""What a person may want to know of a submission beside its values."""

from dataclasses import dataclass
from typing import Any

# A body can be made to say the same ten thousand times.
MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class Note:
    """Something about one value, or with `field` "" about the body: dropped, cut, sent twice, kept with a doubt."""

    field: str
    code: str
    message: str
    raw: Any = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in `Submission.notes`."""
        raw = self.raw if isinstance(self.raw, str | int | float | bool | None) else str(self.raw)
        return {"field": self.field, "code": self.code, "message": self.message, "raw": raw}


def add_note(notes: list[Note], note: Note) -> None:
    """Append it once; the last of too many says that there were more."""
    if len(notes) < MOST_NOTES and note not in notes:
        notes.append(note)
    elif len(notes) == MOST_NOTES and note not in notes:
        notes.append(
            Note("", "more", "There are more notes than are kept. The body as it came in has everything.")
        )
