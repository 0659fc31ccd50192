"""Times on screens, and how long things took."""

from plumbing.admin_kit.moments import Show, moment

__all__ = ["Show", "moment", "seconds_in_words"]


def seconds_in_words(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min", "2 h 10 min", "3 days" """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"
