"""What `manage.py doctor` says about settings that are kept and do nothing yet."""

from collections.abc import Iterator

from leadops.configuration.not_active_yet import idle_settings, sections_that_may_hold_one
from leadops.configuration.sections import SECTIONS
from plumbing.findings import Finding


def check_idle_settings() -> Iterator[Finding]:
    """One finding for each, with the names of all that have it."""
    for idle in idle_settings({name: SECTIONS[name].read() for name in sections_that_may_hold_one()}):
        yield Finding("warn", f"Not active yet: {idle.title}", idle.hint)
