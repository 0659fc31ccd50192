"""What the CRM has of contacts, companies and deals, kept here so that deciding need not ask."""
