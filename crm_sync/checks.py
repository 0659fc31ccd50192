"""System checks of crm_sync."""
