"""Measures and fits the check of written sentences."""
