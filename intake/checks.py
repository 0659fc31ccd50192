"""System checks of intake."""
