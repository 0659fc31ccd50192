from exception_queue.kinds import ExceptionKind

BACKUP_FAILED = "leadops.backup_failed"

KINDS = [
    ExceptionKind(
        key=BACKUP_FAILED,
        title="The backup could not be made",
        severity="high",
        what_to_do=(
            "The cause says why: most often the disk is full, or the folder of LEADOPS_BACKUP_DIR cannot be written to. "
            "Mend that, then retry. It is tried again every hour, and closes by itself when a backup has been made. "
            "The backups that were there stay."
        ),
        retry="leadops.backups.schedule.retry",
    ),
]
