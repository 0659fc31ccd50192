"""One file that holds an installation: made while it runs, checked before it is put back."""


class BackupProblem(Exception):
    """One plain sentence: why it cannot be backed up or restored, and what to do."""


class BackupUnderWay(BackupProblem):
    """Somebody else makes one at this moment."""
