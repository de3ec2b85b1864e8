"""``/evals/{run}/label``: a person says what is right; ``/evals/{run}/agreement``: who agrees."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.errors import BadRequest, NotFound
from app.insights.evals.labeling import (
    Order,
    Said,
    agreements,
    asked_of,
    criteria,
    fingerprint,
    said_of,
    to_label,
)
from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFile
from app.insights.evals.runs import Runs
from app.insights.tables import Table, to_csv
from app.moment import now
from app.records.product.labels import MAX_NAME, Label
from app.web.dependencies import ServicesDep
from app.web.pm.evals import label_view as view
from app.web.pm.evals import run_words as words
from app.web.templating import is_htmx, page

router = APIRouter(include_in_schema=False)


async def _form(request: Request) -> FormData:
    return await request.form()


@router.get("/evals/{name}/label")
def label_page(
    request: Request,
    name: str,
    services: ServicesDep,
    by: Annotated[str, Query(max_length=MAX_NAME)] = "",
    order: Order = "random",
    seed: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    take: Annotated[int, Query(ge=0, le=100_000)] = 40,
    at: str = "",
) -> Response:
    """One answer to label; without a name, the question for it. htmx gets only the card."""
    run, said = _said(services, name)
    by = " ".join(by.split())
    queue = view.queue_of(run, said, by, order=order, seed=seed, take=take, at=at)
    return _card(request, run, queue, said)


@router.post("/evals/{name}/label")
def label(
    request: Request, name: str, services: ServicesDep, form: Annotated[FormData, Depends(_form)]
) -> Response:
    """Keep what was said, or take it back; go on to the next answer, or stay."""
    run, said = _said(services, name)
    by, case_id = " ".join(_text(form, "by").split()), _text(form, "case")
    row = next((one for one in to_label(run.rows) if one.id == case_id), None)
    if row is None:
        raise NotFound(
            f"The run “{run.name}” has no case “{case_id[:80]}” to label.", "See its page."
        )
    if _text(form, "answer") != fingerprint(row):
        raise BadRequest(
            "The run was made again, and answers this question otherwise now.",
            "Load the page again; nothing was kept.",
        )
    if _text(form, "step") == "forget":
        services.labels.forget(row.id, fingerprint(row), by)
    else:
        services.labels.put(_labels(run, row, by, form))
    said = said_of(run.rows, services.labels.of_answers(map(fingerprint, to_label(run.rows))))
    order: Order = "hard" if _text(form, "order") == "hard" else "random"
    seed, take = _number(form, "seed"), _number(form, "take")
    queue = view.queue_of(run, said, by, order=order, seed=seed, take=take, at=row.id)
    if _text(form, "step") == "next":
        following = queue.open_after(row.id)
        queue = view.queue_of(run, said, by, order=order, seed=seed, take=take, at=following)
    address = queue.at(queue.row.id if queue.row else "")
    if is_htmx(request):
        return _card(request, run, queue, said, {"HX-Replace-Url": address})
    return RedirectResponse(address, 303)


@router.get("/evals/{name}/agreement")
def agreement_page(request: Request, name: str, services: ServicesDep) -> Response:
    """How far people agree with the automatic scores, and with each other."""
    run, said = _said(services, name)
    known = criteria()
    compared = agreements(run.rows, said, known)
    return page(
        request,
        "pm/evals/agreement.html",
        {
            "run": run,
            "here": words.run_url(run.name),
            "labelers": {who: len({case for case, _ in own}) for who, own in sorted(said.items())},
            "found": view.by_criterion(run, said, known, compared),
            "labelable": len(to_label(run.rows)),
        },
    )


@router.get("/evals/{name}/agreement.csv")
def agreement_csv(name: str, services: ServicesDep) -> Response:
    """Every figure of agreement."""
    run, said = _said(services, name)
    return _csv(run, "agreement", view.agreement_table(agreements(run.rows, said, criteria())))


@router.get("/evals/{name}/labels.csv")
def labels_csv(name: str, services: ServicesDep) -> Response:
    """Every label of the run's answers."""
    run, said = _said(services, name)
    return _csv(run, "labels", view.labels_table(run, said, criteria()))


# --- steps ----------------------------------------------------------------------------------------


def _said(services: Services, name: str) -> tuple[RunFile, Said]:
    run = Runs.of(services.settings).find(name)
    labels = services.labels.of_answers(map(fingerprint, to_label(run.rows)))
    return run, said_of(run.rows, labels)


def _labels(run: RunFile, row: Row, by: str, form: FormData) -> list[Label]:
    """What a form says. Raises BadRequest for points off the scale, and for a note alone."""
    if not by:
        raise BadRequest("Nobody's name is given.", "Say who labels: labels are kept by name.")
    at, note, shown, found = now(), _text(form, "note"), fingerprint(row), []
    for criterion in asked_of(row, criteria()):
        points = _text(form, f"points.{criterion.id}")
        if not points:
            continue
        value = next((one for one in criterion.scale if str(one) == points), None)
        if value is None:
            raise BadRequest(
                f"“{criterion.name}” has no {points[:20]} points.", "Choose one of those shown."
            )
        found.append(Label(run.name, row.id, shown, criterion.id, by, float(value), at, note))
    if note and not found:
        raise BadRequest("A note alone can't be kept.", "Answer one of the questions, too.")
    return found


def _card(
    request: Request,
    run: RunFile,
    queue: view.Queue,
    said: Said,
    headers: dict[str, str] | None = None,
) -> Response:
    row = queue.row
    context: dict[str, object] = {
        "run": run,
        "here": words.run_url(run.name),
        "words": words,
        "queue": queue,
        "row": row,
        "labelable": len(to_label(run.rows)),
        "takes": view.TAKES,
        "longest_name": MAX_NAME,
    }
    if row is not None:
        context["asked"] = view.questions_of(row, criteria(), said, queue.by)
        context["note"] = view.note_of(row, said, queue.by)
        context["answer"] = fingerprint(row)
    return page(request, "pm/evals/label.html", context, block="card", headers=headers)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(form: FormData, name: str) -> int:
    text = _text(form, name)
    return int(text) if text.isdecimal() and len(text) <= 6 else 0


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
