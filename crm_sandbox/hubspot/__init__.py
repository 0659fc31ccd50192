"""HubSpot's CRM API: objects, batches, search, owners, properties and associations."""
