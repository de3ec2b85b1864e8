"""``/insights/questions/review``: questions one at a time: why each failed, and what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.errors import NotFound
from app.web.dependencies import ServicesDep
from app.web.pm.questions.question_list import NAMES, Listing
from app.web.pm.questions.question_pages import one_question
from app.web.templating import is_htmx, page

router = APIRouter(include_in_schema=False)
ADDRESS = "/insights/questions/review"
MOST_IN_QUEUE = 5_000
"""Questions in a queue, the newest: nobody reviews more in one go."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Where in the queue one is. ``place`` counts from 1; 0: the question is not in it."""

    listing: Listing
    place: int
    total: int
    decided: int
    current: str
    earlier: str
    later: str

    def at(self, answer_id: str) -> str:
        """The address of another question of the queue."""
        return self.listing.link(at=answer_id) if answer_id else ""


@router.get(ADDRESS)
def review(request: Request, services: ServicesDep, at: str = "") -> Response:
    """One question of the queue; htmx gets only its card."""
    listing = _listing(services, dict(request.query_params))
    return _card(request, services, queue_at(services, listing, at))


@router.post("/insights/questions/{answer_id}/review")
def decide(  # fields of a form
    request: Request,
    answer_id: str,
    services: ServicesDep,
    status: Annotated[str | None, Form()] = None,
    failure_mode: Annotated[str | None, Form()] = None,
    note: Annotated[str | None, Form()] = None,
    eval_case: Annotated[str | None, Form()] = None,
    queue: Annotated[str, Form(max_length=4000)] = "",
    step: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Keep a decision; go on in the queue, or back to where it was made."""
    services.reviews.decide(
        answer_id,
        status=status,
        failure_mode=failure_mode,
        note=note,
        eval_case=None if eval_case is None else eval_case == "1",
    )
    if back == "question":
        return RedirectResponse(f"/insights/questions/{answer_id}#review", 303)
    listing = _listing(services, dict(parse_qsl(queue)))
    here = queue_at(services, listing, answer_id)
    if step == "next" and here.later:
        here = queue_at(services, listing, here.later)
    if is_htmx(request):
        return _card(request, services, here, {"HX-Replace-Url": here.at(here.current)})
    return RedirectResponse(here.at(here.current), 303)


def queue_at(services: Services, listing: Listing, answer_id: str) -> Queue:
    """The queue, standing at a question: the given one, or the first that nobody decided on."""
    ids = listing.ids(MOST_IN_QUEUE)
    if not answer_id:
        rows = iter(ids[start : start + 100] for start in range(0, len(ids), 100))
        undecided = (
            row.answer_id
            for part in rows
            for row in services.questions.rows(part)
            if not row.looked_at
        )
        answer_id = next(undecided, ids[0] if ids else "")
    try:
        place = ids.index(answer_id)
    except ValueError:
        # Decided on and therefore no longer among them: what follows is what came after it.
        place = _would_be(services, listing, ids, answer_id) if answer_id else 0
        return Queue(
            listing,
            0,
            len(ids),
            services.reviews.decided(ids),
            answer_id,
            ids[place - 1] if 0 < place <= len(ids) else "",
            ids[place] if place < len(ids) else "",
        )
    return Queue(
        listing,
        place + 1,
        len(ids),
        services.reviews.decided(ids),
        answer_id,
        ids[place - 1] if place else "",
        ids[place + 1] if place + 1 < len(ids) else "",
    )


def _would_be(services: Services, listing: Listing, ids: list[str], answer_id: str) -> int:
    """Where a question would stand, by the time it was asked; the queue is newest first."""
    asked_at = services.questions.get(answer_id).asked_at
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        other = services.questions.rows([ids[middle]])
        newer = bool(other) and other[0].asked_at > asked_at
        newer = newer != bool(listing.get("asc"))
        low, high = (middle + 1, high) if newer else (low, middle)
    return low


def _listing(services: Services, params: dict[str, str]) -> Listing:
    """The queue's filters; without any, the questions that got no good answer."""
    given = {name: value for name, value in params.items() if name in NAMES and name != "sort"}
    if not set(given) - {"period", "from", "to", "asc"}:
        given["outcome"] = "failure"
    return Listing.of(services, given, ADDRESS)


def _card(
    request: Request, services: Services, queue: Queue, headers: dict[str, str] | None = None
) -> Response:
    context: dict[str, object] = {"queue": queue, "listing": queue.listing}
    try:
        context |= one_question(services, queue.current) if queue.current else {"row": None}
    except NotFound:
        context["row"] = None
    return page(request, "pm/review.html", context, block="card", headers=headers)
