"""``/evals/compare``: two runs beside each other, regressions first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.insights.evals.comparison import Comparison, compare
from app.insights.evals.runs import Runs
from app.insights.targets import load_targets
from app.web.dependencies import ServicesDep
from app.web.pm.evals import compare_view as view
from app.web.pm.evals import run_words as words
from app.web.templating import page, query

router = APIRouter(include_in_schema=False)


@router.get("/evals/compare")
def compare_page(
    request: Request,
    services: ServicesDep,
    a: str = "",
    b: str = "",
    t: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Two runs. ``t``: those ticked in the list, the newer of which becomes the second."""
    runs = Runs.of(services.settings)
    if t and len(t) == 2:
        older, newer = _by_age(runs, t)
        return RedirectResponse(f"/evals/compare{query({'a': older, 'b': newer})}", 303)
    if not (a and b):
        problem = "" if not t else f"{len(t)} chosen, and it takes two"
        return page(
            request,
            "pm/evals/compare.html",
            {"found": None, "problem": problem, "names": _names(runs), "a": a, "b": b},
        )
    found = _compare(services, runs, a, b)
    settings, same_settings = view.setting_rows(found.configuration)
    around, same_around = view.setting_rows(found.environment)
    tested, bare = view.metric_rows(found)
    targets = load_targets(services.settings.prd_dir)
    return page(
        request,
        "pm/evals/compare.html",
        {
            "found": found,
            "words": words,
            "names": _names(runs),
            "a": a,
            "b": b,
            "sentence": view.sentence(found),
            "settings": settings,
            "same_settings": same_settings,
            "around": around,
            "same_around": same_around,
            "tested": tested,
            "bare": bare,
            "slices": view.slice_chart(found),
            "changes": view.change_lists(found, targets),
        },
    )


@router.get("/evals/compare.csv")
def compare_csv(services: ServicesDep, a: str, b: str) -> Response:
    """Every case with its scores in both runs."""
    found = _compare(services, Runs.of(services.settings), a, b)
    return Response(
        view.to_csv(found),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="eval-comparison.csv"',
            "Cache-Control": "private, no-cache",
        },
    )


def _compare(services: Services, runs: Runs, a: str, b: str) -> Comparison:
    return compare(runs.find(a), runs.find(b), load_targets(services.settings.prd_dir))


def _names(runs: Runs) -> list[str]:
    return [head.name for head in runs.heads() if head.run is not None]


def _by_age(runs: Runs, chosen: list[str]) -> list[str]:
    """The older one first. A name that there is no run of is said when it is looked for."""
    newest_first = [head.name for head in runs.heads()]
    known = {name: place for place, name in enumerate(newest_first)}
    return sorted(chosen, key=lambda name: -known.get(name, 0))
