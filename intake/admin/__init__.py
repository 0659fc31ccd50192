"""The console's pages of this layer."""

from intake.admin import forms, submissions, words

__all__ = ["forms", "submissions", "words"]
