"""The project package: settings, urls, Celery, launcher, console and API. It decides nothing."""

VERSION = "0.2.0"
"""As in pyproject.toml."""
