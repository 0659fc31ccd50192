"""Telling owners, managers and teams."""
