"""Layer 2: somebody asked for us, and who they are."""
