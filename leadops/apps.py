import gc

from django.apps import AppConfig


class LeadopsConfig(AppConfig):
    name = "leadops"
    verbose_name = "Console"

    def ready(self) -> None:
        # Registers the system checks of the project package.
        from leadops import checks  # noqa: F401

        # What is loaded now stays for the life of the process; the collector need not walk through it again and again.
        gc.freeze()
