"""What a CRM gave for a connection's credentials. Written only by `crm_sync.connection.logins`."""

from django.db import models

from crm_sync.models.connections import CrmConnection
from plumbing.stored_secrets import SecretField


class CrmLogin(models.Model):
    """The one token that all processes share. `made_from` is a hash of what it was given for: other credentials, another login.

    `renewing_until`: somebody is fetching the next one, in the database's own time.
    """

    connection = models.OneToOneField(
        CrmConnection, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    token = SecretField(blank=True, default="")
    address = models.CharField(max_length=300, blank=True, default="")
    # Who we are there, by the id of our user.
    us = models.CharField(max_length=60, blank=True, default="")
    # Whose the CRM is, by the id of the account there.
    account = models.CharField(max_length=60, blank=True, default="", db_default="")
    made_from = models.CharField(max_length=64, blank=True, default="")
    made_at = models.DateTimeField(null=True, blank=True)
    renewing_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "CRM login"

    def __str__(self) -> str:
        return f"{self.connection_id} at {self.address}"
