"""Rules, territories and their vocabulary: drafts, publishing, versions."""
