"""What pages and the API both need of a request: the services, who asks, and what is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request

from app.domain import DEFAULT_COLLECTION, Channel, Filters, Retrieval
from app.errors import NotFound, Unprocessable

if TYPE_CHECKING:
    from app.bootstrap import Services

API_PREFIXES = ("/api/", "/v1/", "/mcp", "/healthz", "/readyz", "/openapi.json")
_COLLECTION = re.compile(r"\w[\w .-]{0,99}")


def get_services(request: Request) -> Services:
    """The services that the lifespan built."""
    services: Services = request.state.services
    return services


def wants_html(request: Request) -> bool:
    """True for a browser's page or htmx request, False for the API and for JSON clients."""
    if request.url.path.startswith(API_PREFIXES):
        return False
    if request.headers.get("hx-request") == "true":
        return True
    return "text/html" in request.headers.get("accept", "")


def is_private(request: Request) -> bool:
    """True when whoever asks does not want to be followed: Do Not Track, Global Privacy Control.

    FOOTNOTE_DO_NOT_TRACK=ignore takes no notice of either.
    """
    wanted = request.headers.get("dnt") == "1" or request.headers.get("sec-gpc") == "1"
    return wanted and get_services(request).settings.do_not_track == "respect"


def recorded_search(
    services: Services,
    text: str,
    k: int,
    filters: Filters,
    *,
    channel: Channel,
    session: str = "",
    private: bool = False,
    typing: bool = False,
) -> tuple[Retrieval, str]:
    """What a search finds, and the id that it is kept as; empty where it is ``private``.

    ``typing``: results come while the words are still typed.

    Raises:
        NotReady: the embedding model is still loading.
        IndexProblem: the index cannot be used.
    """
    known = "" if private else services.searches.identify(text, session)
    found = services.search.search(text, k, filters, channel=channel, answer_id=known)
    if known:
        known = services.searches.searched(
            known, text, found, session_id=session, channel=channel, typing=typing
        )
    return found, known


def document_path(document_id: str, start: int = 0, end: int = 0) -> str:
    """The viewer's address for a document, at ``text[start:end]`` where a place is given."""
    path = f"/documents/{document_id}"
    return f"{path}?start={start}&end={end}" if end else path


def collection_name(value: str | None) -> str:
    """A usable collection name; the default where none is given.

    Raises:
        Unprocessable: it is too long or has characters that do not belong in a name.
    """
    name = unicodedata.normalize("NFC", (value or "").strip())
    if not name:
        return DEFAULT_COLLECTION
    if not _COLLECTION.fullmatch(name):
        raise Unprocessable(
            f"“{name[:100]}” can't be the name of a collection.",
            "Use at most 100 letters, digits, spaces, dots, hyphens or underscores, "
            "beginning with a letter or digit.",
        )
    return name


def known_collections(services: Services, names: Sequence[str]) -> tuple[str, ...]:
    """``names`` without blanks and repetitions.

    Raises:
        NotFound: one of them does not exist; a search there would quietly find nothing.
    """
    wanted = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted:
        return ()
    known = [collection.name for collection in services.documents.collections()]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise NotFound(
            f"There is no collection “{unknown[0]}”.",
            f"Choose from: {', '.join(known)}." if known else "Add documents first.",
        )
    return wanted
