"""What the roof adds to the console: imported by Django's autodiscovery."""

from leadops.console import accounts, schedules

__all__ = ["accounts", "schedules"]
