"""Contacts that somebody else makes in the CRM become submissions, each once, and never as an echo of our own."""
