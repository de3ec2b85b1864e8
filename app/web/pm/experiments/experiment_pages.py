"""``/insights/experiments``: what runs, its arms and their differences, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app import moment
from app.ask.arms import begin, end
from app.bootstrap import Services
from app.errors import FootnoteError, NotFound
from app.insights.experiments.note import note
from app.insights.experiments.report import Report, report
from app.insights.experiments.spec import FOLDER, read_spec, spec_of
from app.insights.experiments.units import MEASURES
from app.insights.experiments.words import decision
from app.insights.targets import Targets, load_targets
from app.web.dependencies import ServicesDep
from app.web.pm.experiments import experiment_view as view
from app.web.pm.experiments.experiment_form import SETTINGS, given_spec
from app.web.templating import page

router = APIRouter(include_in_schema=False)
LIST = "/insights/experiments"


@router.get(LIST)
def experiments(request: Request, services: ServicesDep) -> Response:
    """What runs, what can be started, and what has ended."""
    return _list(request, services, {})


@router.post(LIST)
async def make(request: Request, services: ServicesDep) -> Response:
    """Start an experiment from the form."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    return await run_in_threadpool(_make, request, services, form)


@router.post(f"{LIST}/start")
def start(services: ServicesDep, file: Annotated[str, Form()]) -> Response:
    """Start an experiment from a file in the PRD's folder."""
    folder = services.settings.prd_dir / FOLDER
    path = next((one for one in folder.glob("*.yaml") if one.name == file), None)
    if path is None:
        raise NotFound(f"There is no file “{file[:80]}” in {folder}.", "Reload the list.")
    spec = read_spec(path)
    begin(services.asker, services.experiments, spec, path.name)
    return RedirectResponse(f"{LIST}/{spec.id}", 303)


@router.get(f"{LIST}/{{experiment_id}}.md")
def download(experiment_id: str, services: ServicesDep) -> Response:
    """The note as a file for ``prd/experiments/``."""
    found, _ = _report(services, experiment_id)
    return PlainTextResponse(
        note(found, moment.now()),
        media_type="text/markdown; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{found.experiment.id}.md"',
            "Cache-Control": "private, no-cache",
        },
    )


@router.get(f"{LIST}/{{experiment_id}}")
def experiment(request: Request, experiment_id: str, services: ServicesDep) -> Response:
    """One experiment: what it says, how sure that is, and its note."""
    found, targets = _report(services, experiment_id)
    spec = found.experiment.spec
    return page(
        request,
        "pm/experiment.html",
        {
            "report": found,
            "experiment": found.experiment,
            "spec": spec,
            "metric": targets.metrics[spec.metric],
            "decided": decision(found.experiment.decision),
            "changed": view.changed_file(found.experiment, services.settings.prd_dir),
            "conclusion": view.conclusion(found),
            "arms": view.arm_rows(found),
            "values": view.values_chart(found),
            "shares": [view.shares_chart(found, arm.name) for arm in spec.treatments],
            "rows": view.table_rows(found),
            "guards": view.guard_rows(found.guardrails),
            "traffic": view.traffic_chart(found),
            "choices": view.choices(spec),
            "note": note(found, moment.now()),
            "note_path": services.settings.prd_dir / FOLDER / f"{spec.id}.md",
        },
    )


@router.post(f"{LIST}/{{experiment_id}}/stop")
def stop(
    experiment_id: str,
    services: ServicesDep,
    chosen: Annotated[str, Form(alias="decision")] = "",
    reason: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Stop it with a decision: nobody is assigned any more."""
    end(services.asker, services.experiments, experiment_id, chosen, reason)
    return RedirectResponse(f"{LIST}/{experiment_id}#note", 303)


# --- steps ----------------------------------------------------------------------------------------


def _report(services: Services, experiment_id: str) -> tuple[Report, Targets]:
    targets = load_targets(services.settings.prd_dir)
    found = services.experiments.get(experiment_id)
    return report(found, services.facts.columns(), targets, moment.now()), targets


def _make(request: Request, services: Services, form: Mapping[str, str]) -> Response:
    try:
        spec = spec_of(given_spec(form))
        begin(services.asker, services.experiments, spec)
    except FootnoteError as error:
        # With what was typed, so that only the mistake has to be corrected.
        return _list(request, services, form, error.message, error.status)
    return RedirectResponse(f"{LIST}/{spec.id}", 303)


def _list(
    request: Request,
    services: Services,
    form: Mapping[str, str],
    problem: str = "",
    status: int = 200,
) -> Response:
    settings, known = services.settings, services.experiments.all()
    targets, columns = load_targets(settings.prd_dir), services.facts.columns()
    context: dict[str, Any] = {
        "running": next((one for one in known if one.running), None),
        "ended": [(one, decision(one.decision)) for one in known if not one.running],
        "files": view.ready_files(settings, known, columns, targets, moment.now()),
        "folder": settings.prd_dir / FOLDER,
        "metrics": {name: targets.metrics[name] for name in MEASURES},
        "settings": SETTINGS,
        "current": settings,
        "form": form,
        "problem": problem,
    }
    return page(request, "pm/experiments.html", context, status_code=status)
