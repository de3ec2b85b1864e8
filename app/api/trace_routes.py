"""Traces for programs: the list with its filters, and one trace as OTLP/JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app import moment
from app.api.dependencies import ServicesDep
from app.api.problems import documented
from app.api.trace_schemas import TraceDetail, TraceList, TraceOut
from app.errors import BadRequest, NotFound
from app.insights.traces.otlp_json import resource_spans
from app.insights.traces.query import trace_filters
from app.records.rows import storable
from app.records.tracing.records import Sort, Totals

router = APIRouter(prefix="/api/v1", tags=["traces"])


class TraceQuery(BaseModel):
    """What a list is narrowed to; the page at ``/traces`` takes the same."""

    model_config = ConfigDict(populate_by_name=True)

    q: str = Field("", description="Words of the question.")
    within: Literal["", "1h", "24h", "7d", "30d"] = Field("", description="Until now.")
    from_: str = Field("", alias="from", description="A day or a moment, inclusive; UTC.")
    to: str = Field("", description="A day, inclusive, or a moment, exclusive; UTC.")
    kind: Literal["", "ask", "search", "ingest"] = ""
    state: str = Field("", description="An answer's state, or `stopped` or `failed`.")
    level: Literal["", "high", "medium", "low"] = ""
    mode: Literal["", "quotes", "written"] = ""
    model: str = ""
    channel: Literal["", "web", "api", "openai", "mcp", "cli"] = ""
    release: str = ""
    experiment: str = ""
    arm: str = ""
    conversation: str = Field("", description="A conversation's id.")
    latency_min: float | None = Field(None, description="Milliseconds, inclusive.")
    latency_max: float | None = Field(None, description="Milliseconds, inclusive.")
    cost_min: float | None = Field(None, description="USD, inclusive.")
    cost_max: float | None = Field(None, description="USD, inclusive.")
    cost: Literal["", "known", "unknown"] = ""
    feedback: Literal["", "helpful", "not", "rejected", "none"] = ""
    errors: bool = Field(default=False, description="Only what failed.")
    sort: Sort = Field("started", description="Newest, slowest or dearest first.")
    after: str = Field("", description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=500)

    def values(self) -> dict[str, str]:
        """As query parameters, those that narrow nothing left out."""
        given = self.model_dump(by_alias=True, exclude={"sort", "after", "limit"})
        return {name: str(value) for name, value in given.items() if value not in ("", None, False)}


@router.get("/traces", summary="List traces", responses=documented(BadRequest))
def list_traces(services: ServicesDep, asked: Annotated[TraceQuery, Query()]) -> TraceList:
    """One page of the questions, searches and ingests that match, and how many match in all."""
    filters = trace_filters(asked.values(), moment.now())
    found = services.traces.page(filters, asked.sort, asked.after or None, asked.limit)
    whole = not asked.after and found.after is None
    totals = Totals(len(found.rows), capped=False) if whole else services.traces.totals(filters)
    return TraceList(
        traces=[TraceOut.of(row) for row in found.rows],
        next=found.after,
        total=totals.count,
        total_is_at_least=totals.capped,
    )


@router.get("/traces/{trace_id}", summary="One trace", responses=documented(NotFound))
def read_trace(trace_id: str, services: ServicesDep) -> TraceDetail:
    """Everything under a trace id: a roll-up per workflow, and its spans as OTLP/JSON.

    An answer's `trace_id` leads here. Questions, prompts and answers are among the attributes only
    where content is captured.
    """
    found = services.traces.trace(storable(trace_id))
    if found is None:
        raise NotFound(
            "There is no such trace.", "It may have been purged; look in the list of traces."
        )
    return TraceDetail.of(found, resource_spans(found))
