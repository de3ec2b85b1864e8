"""Metrics for programs: everything of ``/insights`` as JSON, and its tables as CSV."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from app import moment
from app.api.dependencies import ServicesDep
from app.api.insight_schemas import InsightsOut
from app.api.problems import documented
from app.errors import BadRequest
from app.insights.overview import Asked, Look
from app.insights.slices import Slice
from app.insights.tables import TABLES, to_csv

router = APIRouter(prefix="/api/v1", tags=["insights"])
TableName = Literal[
    "metrics",
    "trend",
    "slices",
    "funnel",
    "calibration",
    "releases",
    "models",
    "costs",
    "quality",
    "fairness",
]
Word = Annotated[str, Query(max_length=120)]


def _look(
    services: ServicesDep,
    start: Annotated[
        str,
        Query(
            alias="from",
            max_length=40,
            description="A date, or a time (UTC without a zone). Alone: 28 days before `to`.",
        ),
    ] = "",
    end: Annotated[
        str,
        Query(
            alias="to",
            max_length=40,
            description="A date, which is included, or a time, which is not. Alone: now.",
        ),
    ] = "",
    period: Annotated[
        str,
        Query(max_length=10, description="`today`, `7d`, `28d`, `90d` or `all`, in place of both."),
    ] = "",
    mode: Word = "",
    collection: Word = "",
    level: Word = "",
    release: Word = "",
    experiment: Word = "",
    arm: Word = "",
    channel: Word = "",
) -> Look:
    slice_ = Slice(mode, collection, level, release, experiment, arm, channel)
    return services.insights.look(Asked(period, start, end, slice_), moment.now())


LookDep = Annotated[Look, Depends(_look)]


@router.get(
    "/insights",
    summary="Every metric of a period, with its definition and target",
    responses=documented(BadRequest),
)
def read_insights(look: LookDep) -> InsightsOut:
    """Outcomes, speed, cost and trust. Slices narrow it; all that are given must hold.

    A thread (a question with its rephrasings and follow-ups) belongs to a slice with its last
    question. Without a period: the last 28 days.
    """
    return InsightsOut.of(look)


@router.get(
    "/insights/{table}.csv",
    summary="One table of the insights as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **documented(BadRequest)},
)
def read_table(table: Annotated[TableName, Path()], look: LookDep) -> Response:
    """Numbers are not rounded, and empty where there is no value."""
    day = f"{look.period.start:%Y-%m-%d}"
    return Response(
        to_csv(TABLES[table](look)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="footnote-{table}-{day}.csv"'},
    )
