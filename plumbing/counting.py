"""Counts in sentences for people."""


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 lead", "2,400 leads"; with `many`, "1 lead waits", "2 leads wait"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
