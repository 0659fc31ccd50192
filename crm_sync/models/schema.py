"""The properties that a record can have in the CRM, as they were read last. Written by `crm_sync.schema.reading` alone."""

from typing import cast

from django.db import models

from crm_sync.connectors.definitions import PropertyDefinition, PropertyType
from crm_sync.models.connections import CrmConnection


class CrmProperty(models.Model):
    """One property. `options` are [[value, label], ...]; `seen_at` is when it was read, for all that are there the same.

    `archived`: it was there once.
    """

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="properties")
    name = models.CharField(max_length=200)
    label = models.CharField(max_length=300, blank=True)
    type = models.CharField(max_length=10)
    options = models.JSONField(default=list, blank=True)
    length = models.PositiveIntegerField(null=True, blank=True)
    read_only = models.BooleanField(default=False)
    required = models.BooleanField(default=False)
    unique = models.BooleanField(default=False)
    archived = models.BooleanField(default=False)
    # [[code, name], ...] where it takes names of countries or states.
    place_names = models.JSONField(null=True, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "CRM property"
        verbose_name_plural = "CRM properties"
        ordering = ["connection", "label", "name"]
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="property_once")]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def definition(self) -> PropertyDefinition:
        return PropertyDefinition(
            name=self.name,
            label=self.label,
            type=cast("PropertyType", self.type),
            options=tuple((value, label) for value, label in self.options),
            length=self.length,
            read_only=self.read_only,
            required=self.required,
            unique=self.unique,
            archived=self.archived,
            place_names=None
            if self.place_names is None
            else tuple((code, name) for code, name in self.place_names),
        )
