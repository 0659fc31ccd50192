"""Backups that are made by themselves."""

from pathlib import Path

from leadops.settings.environment import LEADOPS_DATA_DIR, env

# The time of day, UTC; "" for never. `manage.py up` with the embedded database says 03:00.
LEADOPS_BACKUP_AT: str = env.str("LEADOPS_BACKUP_AT", default="")
LEADOPS_BACKUP_DIR: Path = Path(env.str("LEADOPS_BACKUP_DIR", default=str(LEADOPS_DATA_DIR / "backups")))
LEADOPS_BACKUP_KEEP: int = env.int("LEADOPS_BACKUP_KEEP", default=7)
# Hours after which the newest backup is too old.
LEADOPS_BACKUP_WARN_AFTER: int = env.int("LEADOPS_BACKUP_WARN_AFTER", default=48)
