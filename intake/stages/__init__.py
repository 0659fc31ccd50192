"""Intake's stages, in the order of the default pipeline."""

from intake.stages.deduplication import deduplicate
from intake.stages.enrichment import enrich
from intake.stages.normalization import normalize
from intake.stages.spam import screen_spam
from intake.stages.validation import validate

__all__ = ["deduplicate", "enrich", "normalize", "screen_spam", "validate"]
