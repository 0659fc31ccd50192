"""Layer 1: something needs a person."""
