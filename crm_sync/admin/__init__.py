"""The console's pages of this layer."""

from crm_sync.admin import connections, properties, traffic

__all__ = ["connections", "properties", "traffic"]
