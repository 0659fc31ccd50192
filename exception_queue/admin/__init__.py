"""The console's pages of this layer."""

from exception_queue.admin import alert_rules, exceptions

__all__ = ["alert_rules", "exceptions"]
