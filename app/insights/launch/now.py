"""Readiness as things are now: what the page, the API and the command line all ask for."""

from __future__ import annotations

from app import moment
from app.insights.launch.readiness import Readiness, readiness
from app.insights.overview import Asked, Insights
from app.settings import Settings, release_name


def launch_readiness(insights: Insights, settings: Settings) -> Readiness:
    """Whether the release that runs may ship. Raises what `readiness` does."""
    return readiness(
        insights.look(Asked(), moment.now()),
        prd_dir=settings.prd_dir,
        eval_report=settings.eval_report,
        release=release_name(settings),
    )
