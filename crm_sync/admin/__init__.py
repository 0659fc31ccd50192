"""The console's pages of this layer."""

from crm_sync.admin import connections, traffic

__all__ = ["connections", "traffic"]
