"""How much room the database has left, where we can know it: on the disk of the embedded PostgreSQL."""

import shutil
from dataclasses import dataclass

from django.conf import settings

MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes free where the database lies."""

    free: int

    @property
    def is_little(self) -> bool:
        return self.free < settings.LEADOPS_LITTLE_SPACE * MIB

    @property
    def is_none(self) -> bool:
        return self.free < settings.LEADOPS_NO_SPACE * MIB

    @property
    def words(self) -> str:
        taken = " No leads are taken" if self.is_none else " Leads are refused"
        return f"{self.free // MIB:,} MiB are free for the database.{taken} below {settings.LEADOPS_NO_SPACE:,} MiB."


def room() -> Room | None:
    """None for a PostgreSQL that is not ours: nobody here sees its disk."""
    folder = settings.LEADOPS_DATABASE_FOLDER
    if not folder:
        return None
    try:
        return Room(shutil.disk_usage(folder).free)
    except OSError:
        return None
