"""The console's pages of this layer."""

from crm_sync.admin import connections, properties, reconciliation, traffic

__all__ = ["connections", "properties", "reconciliation", "traffic"]
