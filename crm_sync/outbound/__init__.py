"""From a changed lead to the CRM: outbox rows, pushes, follow-up tasks."""
