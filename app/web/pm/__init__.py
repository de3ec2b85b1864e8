"""Pages for whoever runs the product: what happened, what it cost, how good it was, what next."""

from __future__ import annotations

from app.web.pm import (
    alert_pages,
    cost_pages,
    experiment_pages,
    gap_pages,
    insight_pages,
    question_pages,
    review_pages,
    theme_pages,
    trace_pages,
)

routers = (
    insight_pages.router,
    review_pages.router,  # before one question: its address would be a question's
    question_pages.router,
    gap_pages.router,
    theme_pages.router,
    experiment_pages.router,
    cost_pages.router,
    alert_pages.router,
    trace_pages.router,
)
"""All of them; `app.web.mount` adds them."""
