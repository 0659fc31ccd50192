"""Asks the CRM what it has and what has changed there: for most installations the main way in."""
