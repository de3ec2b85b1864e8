"""``/insights/alerts``: thresholds on metrics, when they were crossed, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import moment
from app.errors import BadRequest
from app.web.dependencies import RowNumber, ServicesDep
from app.web.pm.alert_view import SNOOZES, alert_rows, rule_rows
from app.web.templating import page

router = APIRouter(include_in_schema=False)
SHOWN = 50
"""Alerts that are over, on the page."""


@router.get("/insights/alerts")
def alerts(request: Request, services: ServicesDep) -> Response:
    """What is the case, what was, and every rule with its present value."""
    now, watch = moment.now(), services.watch
    readings, problems = watch.readings(now)
    webhook = watch.webhook
    tested = watch.tested
    return page(
        request,
        "pm/alerts.html",
        {
            "current": alert_rows(watch.store.open(), now, webhook=webhook is not None),
            "history": alert_rows(watch.store.history(SHOWN), now, webhook=webhook is not None),
            "rules": rule_rows(readings),
            "problems": problems,
            "snoozes": SNOOZES,
            "every": services.settings.alert_seconds,
            "webhook": webhook.shown if webhook is not None else "",
            "tested": tested,
            "rules_file": services.settings.prd_dir / "metrics.yaml",
        },
    )


@router.post("/insights/alerts/test")
def try_webhook(services: ServicesDep) -> Response:
    """Send a message to the webhook, so that somebody sees whether it arrives."""
    services.watch.test()
    return RedirectResponse("/insights/alerts#webhook", 303)


@router.post("/insights/alerts/{alert_id}/acknowledge")
def acknowledge(alert_id: RowNumber, services: ServicesDep) -> Response:
    """Somebody has seen it: pages stop pointing at it."""
    services.watch.store.acknowledge(alert_id, moment.now())
    return RedirectResponse("/insights/alerts", 303)


@router.post("/insights/alerts/{alert_id}/snooze")
def snooze(
    alert_id: RowNumber, services: ServicesDep, hours: Annotated[int, Form()] = min(SNOOZES)
) -> Response:
    """Say nothing of it for some hours."""
    if hours not in SNOOZES:
        raise BadRequest(
            "An alert can't be snoozed for that long.", "Choose one of the times on the page."
        )
    services.watch.store.snooze(alert_id, moment.now() + timedelta(hours=hours))
    return RedirectResponse("/insights/alerts", 303)
