"""``/insights/gaps``: clusters of questions that got no good answer, and unexpected uses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import moment
from app.bootstrap import Services
from app.errors import NotReady
from app.insights.csv_lines import csv_lines
from app.insights.gaps.finder import GapReport
from app.insights.gaps.gap import Gap, Window
from app.insights.periods import ALL, DEFAULT, PRESETS, Period, parse_period
from app.records.product.question_filters import QuestionFilter
from app.records.product.reviews import FAILURE_HINTS, FAILURE_MODES
from app.web.charts import Series, line_chart, sparkline
from app.web.dependencies import ServicesDep
from app.web.pm.questions.question_list import STATE_WORDS, STATUS_WORDS
from app.web.templating import page, query
from app.web.units import said

router = APIRouter(include_in_schema=False)
PER_PAGE = 25
FIRST_LOOK_S = 1.5
"""Seconds that a page waits for findings it has none of yet."""
NEWER_S = 0.4
"""Seconds that it waits for newer ones than it has."""


@router.get("/insights/gaps")
def gaps(
    request: Request,
    services: ServicesDep,
    period: str = "",
    start: Annotated[str, Query(alias="from")] = "",
    to: str = "",
    tab: str = "",
    status: str = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """Gaps, or with ``tab=unexpected`` unexpected uses; what was found last, at once."""
    given = {"period": period, "from": start, "to": to, "tab": tab, "status": status}
    chosen = _period(services, given)
    report = _report(services, chosen)
    shown: Sequence[Gap] = report.gaps if report else ()
    if status in STATUS_WORDS:
        shown = [gap for gap in shown if gap.status == status]
    first = (number - 1) * PER_PAGE
    return page(
        request,
        "pm/gaps.html",
        {
            "given": given,
            "report": report,
            "gaps": shown[first : first + PER_PAGE],
            "matching": len(shown),
            "first": first + 1,
            "unexpected": report.unexpected[:PER_PAGE] if report else (),
            "number": number,
            "pages": max(1, -(-len(shown) // PER_PAGE)),
            "sparks": sparkline,
            "periods": [*((key, words) for key, (words, _) in PRESETS.items()), (ALL, "All time")],
            "chosen": period or ("" if start or to else DEFAULT),
            "period": chosen,
            "old": report is not None and report.revision != services.gaps.reads.revision(),
            **_WORDS,
        },
        block="found",
    )


@router.get("/insights/gaps.csv")
def as_csv(request: Request, services: ServicesDep) -> Response:
    """Every gap of the period as a file."""
    report = _known(services, _period(services, dict(request.query_params)))
    gaps = [_plain(report, gap) for gap in report.gaps]
    rows = [[" | ".join(v) if isinstance(v, list) else v for v in row.values()] for row in gaps]
    text = "".join(csv_lines(list(gaps[0]) if gaps else _COLUMNS, rows))
    headers = {"Content-Disposition": 'attachment; filename="gaps.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/insights/gaps.json")
def as_json(request: Request, services: ServicesDep) -> Response:
    """Every gap of the period for programs, and how far uses are from what is intended."""
    report = _known(services, _period(services, dict(request.query_params)))
    body = {
        "from": report.period.start.isoformat(),
        "to": report.period.end.isoformat(),
        "found_at": report.found_at.isoformat(),
        "failures": report.failures,
        "coverage_gaps": len(report.gaps),
        "unexpected_use": report.unexpected_share,
        "gaps": [_plain(report, gap) for gap in report.gaps],
        "unexpected": [
            {**_plain(report, use.gap), "nearest_intended_use": use.nearest.id}
            for use in report.unexpected
        ],
    }
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


@router.get("/insights/gaps/{gap_id}")
def gap(
    request: Request,
    gap_id: str,
    services: ServicesDep,
    period: str = "",
    start: Annotated[str, Query(alias="from")] = "",
    to: str = "",
) -> Response:
    """One gap: its questions, its course, what to do, and what was decided."""
    given = {"period": period, "from": start, "to": to}
    chosen = _period(services, given)
    known = services.gaps.store.get(gap_id)
    report = _report(services, chosen)
    found = report.gap(gap_id) if report else None
    chart = None
    if found is not None:
        window = Window.of(chosen)
        length = (window.end - window.start) / len(found.series)
        points = [
            (f"{chosen.start + length * number:%Y-%m-%dT%H:%M}"[: 10 if length.days else 16], value)
            for number, value in enumerate(found.series)
        ]
        chart = line_chart(
            [Series("Questions", [(label, float(value)) for label, value in points])],
            unit="count",
            title="Questions over the period",
        )
    return page(
        request,
        "pm/gap.html",
        {
            "given": given,
            "known": known,
            "gap": found,
            "chart": chart,
            "rows": services.questions.rows(found.answer_ids[:100]) if found else (),
            "advice": services.gaps.advice(found, chosen) if found else (),
            "near": report.documents.get(gap_id, ()) if report else (),
            "period": chosen,
            **_WORDS,
        },
    )


@router.post("/insights/gaps/{gap_id}")
def decide(  # fields of a form
    gap_id: str,
    services: ServicesDep,
    status: Annotated[str | None, Form()] = None,
    note: Annotated[str | None, Form()] = None,
    failure_mode: Annotated[str | None, Form()] = None,
    back: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Keep what is done about a gap; it stays with it when new questions arrive."""
    services.gaps.store.decide(gap_id, status=status, note=note, failure_mode=failure_mode)
    services.gaps.forget()
    return RedirectResponse(f"/insights/gaps/{gap_id}{back if back.startswith('?') else ''}", 303)


# --- what is shown --------------------------------------------------------------------------------

_WORDS: dict[str, Any] = {
    "states": STATE_WORDS,
    "statuses": {key: words for key, words in STATUS_WORDS.items() if key != "ignored"},
    "failure_modes": FAILURE_MODES,
    "failure_hints": FAILURE_HINTS,
    "said": said,
    "query_of": query,
}
_COLUMNS = (
    *("id", "label", "terms", "size", "previous", "threads", "not_found", "low", "rejected"),
    *("first_at", "last_at", "status", "failure_mode", "note", "suggestions", "examples"),
    "series",
)


def _plain(report: GapReport, gap: Gap) -> dict[str, Any]:
    """A gap as plain values, for a file."""
    values: dict[str, Any] = {
        "terms": list(gap.terms),
        "first_at": gap.first_at.isoformat(),
        "last_at": gap.last_at.isoformat(),
        "suggestions": [one.words for one in report.suggestions.get(gap.id, ())],
        "examples": [one.text for one in gap.examples],
        "series": [str(count) for count in gap.series],
    }
    return {name: values[name] if name in values else getattr(gap, name) for name in _COLUMNS}


def _period(services: Services, given: dict[str, str]) -> Period:
    first = None
    if given.get("period") == ALL:
        oldest = services.questions.ids(QuestionFilter(), descending=False, limit=1)
        first = services.questions.rows(oldest)[0].asked_at if oldest else None
    return parse_period(
        given.get("period", ""), given.get("from", ""), given.get("to", ""), moment.now(), first
    )


def _report(services: Services, period: Period) -> GapReport | None:
    known = services.gaps.report(period, wait=NEWER_S)
    return known or services.gaps.report(period, wait=FIRST_LOOK_S)


def _known(services: Services, period: Period) -> GapReport:
    """For a file: there is nothing to show instead, so it waits longer.

    Raises:
        NotReady: it is still being worked out.
    """
    report = services.gaps.report(period, wait=20)
    if report is None:
        raise NotReady("The gaps are still being worked out.", "Try again in a few seconds.")
    return report
