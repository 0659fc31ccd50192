"""Giving a lead to somebody, by whatever writer it comes."""
