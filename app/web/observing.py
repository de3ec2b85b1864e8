"""What pages notice by the way: a passage opened, a suggestion chosen, an answer read as Markdown.

Only what the person did who asked; a link that somebody else opens, a program that fetches it, and
whoever does not want to be followed leave nothing. Nothing here keeps a page from being shown.
"""

from __future__ import annotations

from starlette.requests import Request

from app.bootstrap import Services
from app.records.behavior.events import Copied
from app.requests import is_private
from app.web.asked import Asked
from app.web.places import origin_of
from app.web.security import known_session

_AHEAD = ("sec-purpose", "purpose", "x-moz")
"""Headers of pages that a browser loads before anybody wants to see them."""


def followed_session(request: Request) -> str:
    """The session whose doings may be kept; empty where there is none, or it is not to be followed.

    Also empty for a page that is loaded ahead: nobody has seen it.
    """
    ahead = any("prefetch" in request.headers.get(name, "") for name in _AHEAD)
    if ahead or request.method != "GET" or is_private(request):
        return ""
    return known_session(request)


def note_opened(request: Request, services: Services, came_from: str) -> None:
    """A document was opened; ``came_from``: beside which answer or search its link stood."""
    origin = origin_of(came_from)
    if origin is not None:
        services.events.opened(*origin, followed_session(request))


def note_copied(request: Request, services: Services, answer_id: str) -> None:
    """An answer was read as Markdown, which is how it is copied without scripts."""
    if session := followed_session(request):
        services.events.observe(Copied(answer_id=answer_id, session_id=session))


def note_chosen(services: Services, asked: Asked, session: str) -> None:
    """A control or a suggestion of an answer was chosen; the question that it asks says so."""
    if asked.chosen is not None and not asked.private:
        services.events.observe(asked.chosen.event(session))
