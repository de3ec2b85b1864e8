"""``/insights/questions``, its review queue, and ``/insights/gaps``."""
