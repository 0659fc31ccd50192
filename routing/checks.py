"""System checks of routing."""
