"""Layer 3: who should answer, by when, and why."""
