"""System checks of the roof."""
