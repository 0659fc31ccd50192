"""The console's pages of this floor."""

from intake.admin import forms, submissions, words

__all__ = ["forms", "submissions", "words"]
