"""How many days what is over stays; 0 is for ever."""

from leadops.settings.environment import env

LEADOPS_KEEP_BODIES: int = env.int("LEADOPS_KEEP_BODIES", default=180)
LEADOPS_KEEP_TIMELINE: int = env.int("LEADOPS_KEEP_TIMELINE", default=1095)
LEADOPS_KEEP_DECISIONS: int = env.int("LEADOPS_KEEP_DECISIONS", default=365)
LEADOPS_KEEP_CLOCKS: int = env.int("LEADOPS_KEEP_CLOCKS", default=1095)
LEADOPS_KEEP_NOTICES: int = env.int("LEADOPS_KEEP_NOTICES", default=90)
LEADOPS_KEEP_EVENTS: int = env.int("LEADOPS_KEEP_EVENTS", default=30)
LEADOPS_KEEP_TRIES: int = env.int("LEADOPS_KEEP_TRIES", default=14)
LEADOPS_KEEP_EXCEPTIONS: int = env.int("LEADOPS_KEEP_EXCEPTIONS", default=365)
LEADOPS_KEEP_LOGS: int = env.int("LEADOPS_KEEP_LOGS", default=30)
# A decision replays from the turn that it used: turns never go before decisions do.
_turns: int = env.int("LEADOPS_KEEP_TURNS", default=365)
LEADOPS_KEEP_TURNS: int = 0 if 0 in (_turns, LEADOPS_KEEP_DECISIONS) else max(_turns, LEADOPS_KEEP_DECISIONS)
LEADOPS_EXPIRIES = ["intake.expiry", "routing.expiry", "crm_sync.expiry", "exception_queue.expiry"]
