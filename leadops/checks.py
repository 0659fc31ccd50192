"""System checks of the project package."""
