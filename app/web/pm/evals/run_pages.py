"""``/evals``: what was measured, run by run, and each run down to its cases."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.bootstrap import Services
from app.errors import NotFound
from app.insights.evals.comparison import Comparison, compare
from app.insights.evals.run_file import RunFile
from app.insights.evals.run_tables import cases_table, figures_table, slices_table
from app.insights.evals.runs import Runs
from app.insights.tables import Table, to_csv
from app.insights.targets import Targets, load_targets
from app.web.dependencies import ServicesDep
from app.web.pm.evals import case_view, curves_view, list_view, rows_view, run_view
from app.web.pm.evals import run_words as words
from app.web.templating import is_htmx, page

router = APIRouter(include_in_schema=False)


@router.get("/evals")
def runs_page(
    request: Request,
    services: ServicesDep,
    number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """Every run, newest first, and the course of each dataset."""
    targets, runs = load_targets(services.settings.prd_dir), Runs.of(services.settings)
    heads = runs.heads()
    pages = max(1, -(-len(heads) // list_view.PER_PAGE))
    number = min(number, pages)
    shown = heads[(number - 1) * list_view.PER_PAGE : number * list_view.PER_PAGE]
    rows = list_view.list_rows(shown, targets)
    return page(
        request,
        "pm/evals/list.html",
        {
            "rows": rows,
            "columns": list_view.columns(rows),
            "courses": list_view.courses(heads, targets),
            "count": len(heads),
            "number": number,
            "pages": pages,
            "comparable": sum(head.run is not None for head in heads) > 1,
        },
    )


@router.get("/evals/{name}/cases.csv")
def cases_csv(request: Request, name: str, services: ServicesDep) -> Response:
    """The cases that the list shows, with every score."""
    run = Runs.of(services.settings).find(name)
    listed = rows_view.cases(run, request.query_params)
    return _csv(run, "cases", cases_table(rows_view.matching(run, listed.values)))


@router.get("/evals/{name}/slices.csv")
def slices_csv(name: str, services: ServicesDep) -> Response:
    """Every figure of every slice."""
    run = Runs.of(services.settings).find(name)
    return _csv(run, "slices", slices_table(run))


@router.get("/evals/{name}/figures.csv")
def figures_csv(name: str, services: ServicesDep) -> Response:
    """Every figure with its interval and target."""
    run = Runs.of(services.settings).find(name)
    return _csv(run, "figures", figures_table(run, load_targets(services.settings.prd_dir)))


@router.get("/evals/{name}")
def run_page(request: Request, name: str, services: ServicesDep) -> Response:
    """One run; htmx, when cases are filtered, gets only their list."""
    runs = Runs.of(services.settings)
    run = runs.find(name)
    context = {"run": run, "here": words.run_url(run.name), "words": words}
    context["cases"] = rows_view.cases(run, request.query_params)
    if not is_htmx(request):
        context |= _figures(services, runs, run)
    return page(request, "pm/evals/run.html", context, block="list")


@router.get("/evals/{name}/cases/{case_id:path}")
def case_page(request: Request, name: str, case_id: str, services: ServicesDep) -> Response:
    """One case: what was asked, wanted and answered, and how it fared in other runs."""
    runs = Runs.of(services.settings)
    run = runs.find(name)
    row = next((one for one in run.rows if one.id == case_id), None)
    if row is None:
        raise NotFound(
            f"The run “{run.name}” has no case “{case_id[:80]}”.", "Its page lists its cases."
        )
    targets = load_targets(services.settings.prd_dir)
    before, after = case_view.neighbors(run, row)
    return page(
        request,
        "pm/evals/case.html",
        {
            "run": run,
            "here": words.run_url(run.name),
            "words": words,
            "row": row,
            "outcome": words.outcome(row),
            "scores": case_view.score_rows(row, targets),
            "claims": case_view.claim_groups(row, targets),
            "steps": case_view.step_rows(row.trace),
            "ticks": case_view.ticks(row.trace),
            "past": case_view.past(runs, run, row),
            "family": list(case_view.family(run, row)),
            "before": before,
            "after": after,
        },
    )


# --- steps ----------------------------------------------------------------------------------------


def _figures(services: Services, runs: Runs, run: RunFile) -> dict[str, object]:
    targets = load_targets(services.settings.prd_dir)
    against = _against(runs, run, targets)
    groups = run_view.figure_groups(run, targets, against)
    curves = (
        *(curves_view.reliability_chart(one) for one in run.reliability),
        *(curves_view.risk_chart(one) for one in run.risk_coverage),
    )
    given, confusion = run_view.confusion(run)
    return {
        "against": against,
        "groups": groups,
        "headline": run_view.headline(groups),
        "others": run_view.others(run, targets),
        "curves": [one for one in curves if one is not None],
        "slices": run_view.slice_charts(run, targets),
        "given": given,
        "confusion": confusion,
        "configuration": run_view.settings_of(run.configuration),
        "environment": run_view.settings_of(run.environment),
        "made": words.made_words(run.made_at),
        "other_runs": [one for one in runs.names() if one != run.name],
        "targets": targets,
    }


def _against(runs: Runs, run: RunFile, targets: Targets) -> Comparison | None:
    """The run beside the baseline; None where there is none, or it is of other questions."""
    base = runs.base(run)
    if base is None or base.dataset != run.dataset:
        return None
    found = compare(base, run, targets)
    return found if found.paired else None


def _csv(run: RunFile, what: str, table: Table) -> Response:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", run.name)
    return Response(
        to_csv(table),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{what}.csv"',
            "Cache-Control": "private, no-cache",
        },
    )
