"""`manage.py crm_sandbox`: the CRM stand-in on its port, until it is stopped."""

from __future__ import annotations

import errno
import sqlite3
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm_sandbox.salesforce.login import check_certificate
from crm_sandbox.sandbox import FILE_NAME
from crm_sandbox.server import DEFAULT_TOKEN, serve


class Command(BaseCommand):
    help = "Run a CRM like HubSpot and one like Salesforce, for demos, tests and drills (docs/sandbox.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.LEADOPS_SANDBOX_PORT)
        parser.add_argument("--data-dir", type=Path, default=settings.LEADOPS_DATA_DIR)
        parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bearer token of HubSpot's clients")
        parser.add_argument(
            "--salesforce-certificate", type=Path, help="PEM file whose key signs logins to Salesforce by JWT"
        )

    def handle(
        self,
        *args: Any,
        port: int,
        data_dir: Path,
        token: str,
        salesforce_certificate: Path | None,
        **others: Any,
    ) -> None:
        certificate = _certificate(salesforce_certificate) if salesforce_certificate else ""
        try:
            serve(
                port=port,
                data_dir=data_dir,
                token=token,
                salesforce_certificate=certificate,
                on_ready=lambda url: self.stdout.write(f"CRM sandbox ready {url}"),
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise CommandError(
                f"Port {port} is taken, so the CRM sandbox cannot listen on it. "
                "Choose another with --port or LEADOPS_SANDBOX_PORT."
            ) from error
        except sqlite3.DatabaseError as error:
            raise CommandError(
                f"The CRM sandbox cannot use its file {data_dir / FILE_NAME} ({error}). "
                "Remove it to start with an empty CRM."
            ) from error


def _certificate(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        check_certificate(text)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} holds no certificate with an RSA key ({error}).") from error
    return text
