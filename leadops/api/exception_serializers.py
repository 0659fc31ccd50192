"""The shapes in which the API shows what needs a person, and takes what that person does about it."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from exception_queue.kinds import SEVERITIES
from exception_queue.models import ExceptionItem, ExceptionNote
from leadops.api.fields import AnyObject, TextOrNull

LONGEST_SNOOZE = timedelta(days=366)


class ExceptionSubjectSerializer(serializers.Serializer[ExceptionItem]):
    type = serializers.CharField(source="subject_type")
    id = serializers.CharField(source="subject_id")
    label = serializers.CharField(source="subject_label")  # type: ignore[assignment]
    url = TextOrNull(source="subject_url")


class ExceptionActionSerializer(serializers.Serializer[ExceptionItem]):
    """Null where the kind of exception names no place."""

    label = serializers.CharField(source="described_kind.action_label")  # type: ignore[assignment]
    url = serializers.CharField(source="action_url")

    def get_attribute(self, instance: ExceptionItem) -> ExceptionItem | None:
        return instance if instance.action_url else None


class ExceptionNoteSerializer(serializers.Serializer[ExceptionNote]):
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    verb = serializers.ChoiceField(ExceptionNote.Verb.choices)
    text = serializers.CharField(allow_blank=True)


class ExceptionItemSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="What kind of trouble, by its key: `routing.no_rule_matched`.")
    title = serializers.CharField(source="described_kind.title")
    severity = serializers.ChoiceField(SEVERITIES, source="described_kind.severity")
    status = serializers.ChoiceField(ExceptionItem.Status.choices)
    subject = ExceptionSubjectSerializer(source="*")
    cause = serializers.CharField()
    detail = AnyObject()
    count = serializers.IntegerField(help_text="How often it happened.")
    owner_hint = TextOrNull(help_text="Who would probably know.")
    what_to_do = serializers.CharField(source="described_kind.what_to_do")
    action = ExceptionActionSerializer(allow_null=True, help_text="Where the cause is fixed.")
    can_retry = serializers.BooleanField()
    claimed_by = TextOrNull()
    claimed_at = serializers.DateTimeField(allow_null=True)
    retried_by = TextOrNull(help_text="Who has it tried again just now.")
    retried_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = TextOrNull()
    resolution = TextOrNull()


class ExceptionItemWithNotesSerializer(ExceptionItemSerializer):
    notes = ExceptionNoteSerializer(many=True)


class NotedSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=2000,
        help_text="Kept with the exception, for those who look later.",
    )


class SnoozedSerializer(NotedSerializer):
    until = serializers.DateTimeField(help_text="A time to come, within a year.")

    def validate_until(self, until: datetime) -> datetime:
        now = timezone.now()
        if not now < until <= now + LONGEST_SNOOZE:
            raise serializers.ValidationError("Snooze until a time to come, within a year.")
        return until
