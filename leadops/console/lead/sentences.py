"""What one line of a lead's story is made of."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from django.utils.safestring import SafeString

from intake.models import TimelineEntry

Tone = Literal["plain", "good", "warn", "bad", "info"]
Text = SafeString | str
# (icon, tone, sentence, details)
Sentence = tuple[str, Tone, Text, list[Text]]
# What an entry holds, the entry, and what each connection's CRM is called, by key.
Teller = Callable[[dict[str, Any], TimelineEntry, Mapping[str, str]], Sentence]
