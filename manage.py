#!/usr/bin/env python
"""Django's command line for leadops."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - who starts it with an older one shall read why it does not work
    sys.exit(
        "leadops needs Python 3.11 or newer: start it with a newer one than " + sys.version.split()[0] + "."
    )

try:
    from django.core.management import execute_from_command_line

    # Nudges are published with the app that is current in the process: a command's too.
    from leadops.celery import app as celery_app
except ImportError:
    sys.exit("This Python lacks the packages of leadops: use `make run`, or .venv/bin/python manage.py.")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadops.settings")
    celery_app.set_default()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
