from django.apps import AppConfig


class ExceptionQueueConfig(AppConfig):
    name = "exception_queue"
    verbose_name = "Exceptions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Registers the system checks of this layer.
        from exception_queue import checks  # noqa: F401
