"""Eval runs for programs: the list, one of them, and two beside each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.api.dependencies import ServicesDep
from app.api.eval_comparison_schemas import EvalComparisonOut
from app.api.eval_schemas import EvalHeadOut, EvalRunOut, EvalsOut
from app.api.problems import documented
from app.errors import BadRequest, NotFound
from app.insights.evals.comparison import compare
from app.insights.evals.runs import Runs
from app.insights.targets import load_targets

router = APIRouter(prefix="/api/v1", tags=["evals"])
_NAME = "What the run is called in the list."


@router.get("/evals", summary="Eval runs, newest first", responses=documented())
def list_runs(services: ServicesDep) -> EvalsOut:
    """Runs that `footnote eval` kept, and committed reports. A broken file says its problem."""
    return EvalsOut(runs=[EvalHeadOut.of(head) for head in Runs.of(services.settings).heads()])


@router.get(
    "/evals/compare",
    summary="Two eval runs, case by case",
    responses=documented(BadRequest, NotFound),
)
def compare_runs(
    services: ServicesDep,
    a: Annotated[str, Query(max_length=200, description="The first run, by name.")],
    b: Annotated[str, Query(max_length=200, description="The second run, by name.")],
) -> EvalComparisonOut:
    """What was set otherwise, what differs and how surely, and which cases came out otherwise."""
    runs = Runs.of(services.settings)
    targets = load_targets(services.settings.prd_dir)
    return EvalComparisonOut.of(compare(runs.find(a), runs.find(b), targets))


@router.get("/evals/{run}", summary="One eval run", responses=documented(BadRequest, NotFound))
def read_run(
    services: ServicesDep,
    run: Annotated[str, Path(max_length=200, description=_NAME)],
    rows: Annotated[bool, Query(description="False: without its cases.")] = True,
) -> EvalRunOut:
    """Every figure with its interval, slices, states, settings, and every case with its scores."""
    return EvalRunOut.of(Runs.of(services.settings).find(run), rows=rows)
