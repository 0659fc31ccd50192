"""What the project package adds to the console: imported by Django's autodiscovery."""

from leadops.console import accounts, alert_rules, schedules
from leadops.console.exceptions import admin as exceptions
from leadops.console.lead import admin as leads

__all__ = ["accounts", "alert_rules", "exceptions", "leads", "schedules"]
