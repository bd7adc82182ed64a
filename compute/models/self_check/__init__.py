"""Checks of a model that was just loaded."""
