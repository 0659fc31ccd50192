"""The console's pages of this layer."""

from crm_sync.admin import connections, mirror, owners, properties, reconciliation, traffic

__all__ = ["connections", "mirror", "owners", "properties", "reconciliation", "traffic"]
