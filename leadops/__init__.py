"""The project package: settings, urls, Celery, launcher, console and API. It decides nothing."""
