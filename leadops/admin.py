"""What the project package adds to the console: imported by Django's autodiscovery."""

from leadops.console import schedules, tokens
from leadops.console.lead import admin as leads
from leadops.console.people import groups, users

__all__ = ["groups", "leads", "schedules", "tokens", "users"]
