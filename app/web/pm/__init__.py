"""Pages for whoever runs the product: what happened, what it cost, how good it was, what next."""

from __future__ import annotations

from app.web.pm import alert_pages, cost_pages, insight_pages
from app.web.pm.experiments import experiment_pages
from app.web.pm.feedback import theme_pages
from app.web.pm.questions import gap_pages, question_pages, review_pages
from app.web.pm.traces import trace_pages

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
