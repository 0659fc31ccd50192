"""What the project package adds to the console: imported by Django's autodiscovery."""

from leadops.console import accounts, schedules
from leadops.console.lead import admin as leads

__all__ = ["accounts", "leads", "schedules"]
