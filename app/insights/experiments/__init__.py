"""Experiments: their specification, differences with intervals, and the note at the end."""
