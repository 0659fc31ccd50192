"""Layer 4: how the outside keeps its copy."""
