"""Giving a lead to somebody, by whatever door it comes."""
