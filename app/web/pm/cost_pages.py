"""``/insights/cost``: what model calls cost, by day and model, and what is left of the budgets."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app import moment
from app.bootstrap import Services
from app.errors import BadRequest
from app.insights.alerts.rules import budgets_of
from app.insights.budgets import forecast
from app.insights.cost_view import by_model, course, dearest, embedded, summed, written
from app.insights.csv_lines import csv_lines
from app.insights.metrics import Metrics
from app.insights.periods import Period
from app.records.product.costs import DayCost
from app.web.charts import LineChart, Series, line_chart
from app.web.dependencies import ServicesDep
from app.web.templating import page
from app.web.units import said

router = APIRouter(include_in_schema=False)
SPANS = {28: "28 days", 90: "90 days", 365: "A year"}
"""What the page offers: days until today → words."""
DEFAULT = 28
_LABEL = 18
"""Characters of a model's name beside its line, so that a phone has room for the line too."""
_PACE_DAYS = 28
"""Days before the month that its forecast leans on at its beginning."""


@router.get("/insights/cost")
def cost(request: Request, services: ServicesDep, days: int = DEFAULT) -> Response:
    """The month, the budgets, every day by model, and the questions that cost most."""
    now = moment.now()
    first, today = _span(days, now)
    found = services.costs.days(first, today)
    models = by_model(found)
    period = Period(datetime.combine(first, time(), UTC), now)
    metrics = Metrics(services.facts.columns(), period, now)
    return page(
        request,
        "pm/cost.html",
        {
            "usd": partial(said, unit="usd"),
            "share": partial(said, unit="ratio"),
            "days": days,
            "spans": SPANS,
            "total": summed(written(found)),
            "embeddings": summed(embedded(found)),
            "models": models,
            "unknown": [one for one in models if one.unknown_calls],
            "chart": _chart(found, first, today, days),
            "dearest": services.costs.questions(dearest(metrics.view)),
            "budgets": budgets_of(services.settings, services.costs).now(today),
            "question_limit": services.settings.budget_question_usd,
            "chat_model": services.chat_model_name,
            **_month(services, now),
            "per_question": metrics.value("cost_per_question"),
            "per_accepted": metrics.value("cost_per_accepted"),
            "unknown_questions": metrics.value("unknown_cost"),
        },
    )


@router.get("/insights/cost.csv")
def cost_csv(services: ServicesDep, days: int = DEFAULT) -> Response:
    """Every day and model as a table."""
    now = moment.now()
    columns = [field.name for field in fields(DayCost)]
    rows = (list(asdict(one).values()) for one in services.costs.days(*_span(days, now)))
    name = f"cost-{now:%Y-%m-%d}.csv"
    return Response(
        "".join(csv_lines(columns, rows)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _span(days: int, now: datetime) -> tuple[date, date]:
    """First and last day.

    Raises:
        BadRequest: a span that the page does not offer.
    """
    if days not in SPANS:
        raise BadRequest(
            f"The page has no span of {days} days.",
            f"Use days={', '.join(str(one) for one in SPANS)}.",
        )
    return now.date() - timedelta(days=days - 1), now.date()


def _chart(found: list[DayCost], first: date, last: date, days: int) -> LineChart:
    series = [Series(_short(name), points) for name, points in course(found, first, last)]
    return line_chart(
        series, unit="usd", title="Cost by day", csv=f"/insights/cost.csv?days={days}"
    )


def _short(model: str) -> str:
    """A model's name without its provider, as it fits beside a line."""
    name = model.partition(":")[2] or model
    return name if len(name) <= _LABEL else f"{name[: _LABEL - 1]}…"


def _month(services: Services, now: datetime) -> dict[str, Any]:
    """What this month and today cost, and the month as it will be."""
    today = now.date()
    first = today.replace(day=1)
    before = first - timedelta(days=_PACE_DAYS)
    found = services.costs.days(before, today)
    month = summed(one for one in found if one.day >= first)
    earlier = [one for one in found if one.day < first]
    # Days before the product was used say nothing of its pace.
    known = (first - min(one.day for one in earlier)).days if earlier else 0
    pace = summed(earlier).cost_usd / known if known else None
    return {
        "today": summed(one for one in found if one.day == today),
        "today_calls": summed(one for one in written(found) if one.day == today).calls,
        "month": month,
        "month_calls": summed(one for one in written(found) if one.day >= first).calls,
        "month_name": f"{today:%B}",
        "forecast": forecast(month.cost_usd, now, pace),
        "early": today.day <= 3 and pace is not None,
    }
