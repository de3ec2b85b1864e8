"""A run's figures as JSON, Markdown and HTML, with pictures."""
