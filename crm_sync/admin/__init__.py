"""The console's pages of this layer."""

from crm_sync.admin import born, connections, mirror, owners, properties, reconciliation, traffic

__all__ = ["born", "connections", "mirror", "owners", "properties", "reconciliation", "traffic"]
