"""Thresholds on metrics: watched, told, resolved."""
