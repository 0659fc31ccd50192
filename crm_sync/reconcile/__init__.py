"""Comparing all leads with what the CRM has of them, and putting differences right."""
