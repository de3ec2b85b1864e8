"""Pages for whoever runs the product: what happened, what it cost, how good it was, what next."""

from __future__ import annotations

from app.web.pm import alert_pages, cost_pages, insight_pages
from app.web.pm.evals import compare_pages, label_pages, run_pages
from app.web.pm.experiments import experiment_pages
from app.web.pm.feedback import theme_pages
from app.web.pm.launch import launch_pages, prd_pages
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
    compare_pages.router,  # before one run: its address would be a run's
    label_pages.router,
    run_pages.router,
    launch_pages.router,
    prd_pages.router,
)
"""All of them; `app.web.mount` adds them."""
