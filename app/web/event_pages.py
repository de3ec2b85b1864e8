"""``POST /events``: what a page's script noticed, as a browser's beacon sends it.

``{"events": [{"id", "kind", "answer_id", "properties"?}]}``. A browser makes the ids and sends an
event again until it is acknowledged; it counts once. Events without a session are nobody's, and
events about another session's answers are not kept. The time is the server's.
"""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.errors import BadRequest, Unprocessable
from app.records.behavior.events import KINDS, Event, made
from app.web.dependencies import KnownSessionDep, PrivateDep, ServicesDep

router = APIRouter(include_in_schema=False)
MAX_BYTES = 8 * 1024
MOST_EVENTS = 50
_ID = re.compile(r"[\w-]{8,40}")
_ANSWER = re.compile(r"(?:ans|sea)_[\w-]{1,36}")


@router.post("/events", status_code=204, max_body_size=MAX_BYTES)
async def receive(
    request: Request, services: ServicesDep, session: KnownSessionDep, private: PrivateDep
) -> Response:
    """Keep events; one that cannot be used is refused without losing the others."""
    given = _items(await request.body())
    good: list[Event] = []
    refused: list[str] = []
    for item in given:
        try:
            good.append(_event(item, session))
        except (KeyError, TypeError, ValueError) as error:
            refused.append(_why(item, error))
    if session and not private:
        await run_in_threadpool(services.events.record, *good)
    if refused:
        raise Unprocessable(
            f"{len(refused)} of {len(given)} events can't be used: {refused[0]}.",
            "The others are kept; send none that pages don't send.",
        )
    return Response(status_code=204)


def _items(body: bytes) -> list[Any]:
    """The list of the body, unread.

    Raises:
        BadRequest: it is not JSON of the shape above, or holds too much.
    """
    try:
        found = json.loads(body)["events"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise BadRequest("That is no list of events.", 'Send JSON: {"events": [...]}.')
    if len(found) > MOST_EVENTS:
        raise BadRequest(
            f"There are {len(found)} events; at most {MOST_EVENTS} are taken at a time.",
            "Send the rest in another request.",
        )
    return found


def _event(item: Any, session: str) -> Event:
    event_id, kind, answer_id = item["id"], item["kind"], item["answer_id"]
    if not _ID.fullmatch(event_id) or not _ANSWER.fullmatch(answer_id):
        raise ValueError("an id is not one")
    if not KINDS[kind].from_page:
        raise ValueError("the server records this kind itself")
    properties = item.get("properties") or {}
    # The session in front: no browser can take an id before another one uses it.
    whole = f"{session[:12]}.{event_id}"
    return made(kind, properties, id=whole, answer_id=answer_id, session_id=session)


def _why(item: Any, error: Exception) -> str:
    kind = item.get("kind") if isinstance(item, dict) else None
    name = kind[:30] if isinstance(kind, str) else "something"
    if isinstance(error, KeyError) and isinstance(kind, str) and kind not in KINDS:
        return f"there is no kind “{name}”"
    return f"“{name}” has an id, a kind or a property that is not of its shape"
