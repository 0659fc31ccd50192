from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leadops.stored_secrets import rotate


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret, in history rows too, with the newest of LEADOPS_ENCRYPTION_KEYS. "
        "It may run while leadops runs, and again; a secret that has the newest key already stays as it is."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotate()
        self.stdout.write(f"{done.changed} secrets have the newest key now, {done.kept} had it.")
        if done.unreadable:
            raise CommandError(
                "No key of LEADOPS_ENCRYPTION_KEYS reads these; enter them again: "
                + ", ".join(done.unreadable)
            )
