"""What routes need, named as types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Form, Path, Query
from fastapi.routing import APIRoute
from starlette.routing import Match

from app.bootstrap import Services
from app.domain import Filters
from app.errors import BadRequest
from app.requests import get_services, is_private, known_collections
from app.web.security import known_session, session_id

ServicesDep = Annotated[Services, Depends(get_services)]

SessionDep = Annotated[str, Depends(session_id)]
"""This browser's anonymous session; the response sets its cookie."""
KnownSessionDep = Annotated[str, Depends(known_session)]
"""The session a browser already has, or an empty string: reading sets no cookie."""

PrivateDep = Annotated[bool, Depends(is_private)]
"""Whoever asks does not want to be followed."""


async def _left_open() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


LeftOpenDep = Annotated[AsyncExitStack, Depends(_left_open)]
"""Closed when the response has ended, also when the client went away. A stream that is left early
would otherwise stand still, with its chat model writing on, until the garbage is collected."""
MOST_ROW = 2**31 - 1
"""The largest number that a database column of row numbers takes: PostgreSQL's INTEGER."""
RowNumber = Annotated[int, Path(ge=0, le=MOST_ROW)]
"""A row's number in a path."""
MOST_DOCUMENTS = 20
"""Documents that one question can be narrowed to; a form offers the cited ones, far fewer."""


class HtmxRoute(APIRoute):
    """A route that only htmx requests reach; others go on to the next route of the same path."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """No match without the header ``HX-Request``."""
        match, child_scope = super().matches(scope)
        if match is not Match.NONE and (b"hx-request", b"true") not in scope["headers"]:
            return Match.NONE, {}
        return match, child_scope


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The filter part of a form as it was sent."""

    collections: Sequence[str]
    kinds: Sequence[str]
    after: str
    before: str
    documents: Sequence[str] = ()

    def filters(self, services: Services) -> Filters:
        """As the domain has it.

        Raises:
            NotFound: a collection or a document that does not exist.
            BadRequest: a date that is none, or too many documents.
        """
        documents = tuple(dict.fromkeys(one for one in self.documents if one))
        if len(documents) > MOST_DOCUMENTS:
            raise BadRequest(
                f"A question can be narrowed to {MOST_DOCUMENTS} documents at most.",
                "Narrow it to a collection instead.",
            )
        for document_id in documents:
            services.documents.get(document_id)
        return Filters(
            collections=known_collections(services, self.collections),
            kinds=tuple(dict.fromkeys(kind for kind in self.kinds if kind)),
            changed_after=_date(self.after),
            changed_before=_date(self.before),
            document_ids=documents,
        )


def _from_query(
    collection: Annotated[list[str] | None, Query()] = None,
    kind: Annotated[list[str] | None, Query()] = None,
    after: str = "",
    before: str = "",
    document: Annotated[list[str] | None, Query()] = None,
) -> Narrowing:
    return Narrowing(collection or [], kind or [], after, before, document or [])


def _from_form(
    collection: Annotated[list[str] | None, Form()] = None,
    kind: Annotated[list[str] | None, Form()] = None,
    after: Annotated[str, Form()] = "",
    before: Annotated[str, Form()] = "",
    document: Annotated[list[str] | None, Form()] = None,
) -> Narrowing:
    return Narrowing(collection or [], kind or [], after, before, document or [])


NarrowedQuery = Annotated[Narrowing, Depends(_from_query)]
NarrowedForm = Annotated[Narrowing, Depends(_from_form)]


def _date(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadRequest(
            f"“{text[:20]}” is not a date.", "Write dates as year-month-day, like 2026-03-31."
        ) from None
