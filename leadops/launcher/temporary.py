"""Where unix sockets go."""

import tempfile

LONGEST = 50


def short_folder() -> str:
    """The temporary folder if a socket's path fits below it: the kernel takes 108 bytes (macOS 104)."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= LONGEST else "/tmp"
