"""From the CRM to us: events, what they change, their values."""
