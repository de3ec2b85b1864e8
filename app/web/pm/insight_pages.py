"""``/insights``: every metric with its definition, target, trend and the questions behind it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app import moment
from app.errors import NotFound
from app.insights.metric_words import WORDS
from app.insights.overview import Look
from app.web.dependencies import ServicesDep
from app.web.pm import insight_view
from app.web.pm.insight_address import Address, AddressDep
from app.web.pm.metric_view import metric_chart, metric_row
from app.web.templating import page
from app.web.units import said

router = APIRouter(include_in_schema=False)


@router.get("/insights")
def overview(request: Request, address: AddressDep, services: ServicesDep) -> Response:
    """The page a PM opens in the morning. Always the last 28 days unless the address says so."""
    look = services.insights.look(address.asked, moment.now())
    context = {"look": look, "address": address, "here": "/insights", "said": said}
    if look.anything:
        context |= _sections(look, address)
    return page(request, "pm/insights.html", context, block="insights")


@router.get("/insights/metrics/{metric}")
def one_metric(
    request: Request, metric: str, address: AddressDep, services: ServicesDep
) -> Response:
    """One metric in full: what it means, its course, and what it is in each slice."""
    if metric not in WORDS:
        raise NotFound(f"There is no metric “{metric[:40]}”.", "All of them are on /insights.")
    look = services.insights.look(address.asked, moment.now())
    context = {
        "look": look,
        "address": address,
        "here": f"/insights/metrics/{metric}",
        "choices": insight_view.choices(look),
        "metric": metric_row(look, address, metric),
        "chart": metric_chart(look, address, metric) if look.metrics.series(metric) else None,
        "slices": insight_view.by_slice(look, address, metric),
    }
    return page(request, "pm/metric.html", context, block="insights")


def _sections(look: Look, address: Address) -> dict[str, object]:
    sections = (
        insight_view.outcomes,
        insight_view.speed,
        insight_view.cost,
        insight_view.trust,
        insight_view.search,
        insight_view.use,
    )
    return {
        "choices": insight_view.choices(look),
        "headline": insight_view.headline(look, address),
        "funnel": insight_view.funnel(look, address),
        "levels": insight_view.levels(look, address),
        "models": insight_view.models(look, address),
        "fairness": insight_view.fairness(look, address),
        "refusals": insight_view.refusals(look, address),
        "sections": [section(look, address) for section in sections],
    }
