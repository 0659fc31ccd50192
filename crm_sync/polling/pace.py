"""How often each kind of record is asked for: as the connection says, and seldom while calls are short."""

from datetime import timedelta

from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection

# While the day's calls are kept for leads.
SELDOM = timedelta(minutes=5)


def every(connection: CrmConnection, budget: Budget | None = None) -> timedelta:
    """`budget` where somebody has a newer one than the row's."""
    usual = timedelta(seconds=connection.poll_seconds)
    known = Budget(connection.budget) if budget is None else budget
    return max(usual, SELDOM) if known.is_short_today else usual
