"""``/insights/feedback``: imports, themes and items."""
