"""Measures many configurations on the same questions: what the shipped defaults rest on."""
