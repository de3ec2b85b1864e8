"""``/insights/experiments``."""
