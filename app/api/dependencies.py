"""What routes ask for, named as types."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from app.access import principal
from app.bootstrap import Services
from app.errors import IndexProblem, NotReady
from app.records.accounts.tokens import visit_id
from app.requests import get_services, is_private

ServicesDep = Annotated[Services, Depends(get_services)]

NO_SESSION = ""


async def _session(
    named: Annotated[
        str,
        Header(
            alias="X-Session-Id",
            pattern=r"^([\w-]{8,64})?$",
            description="A name of your own for one person's or one program's visit: 8 to 64 "
            "letters, digits, `-` and `_`, not guessable, and nothing that says who it is. "
            "Questions with the same one are seen as belonging together, in conversations and in "
            "the numbers on `/insights`. Without it every question stands alone. Where people "
            "sign in, it names a visit among the key owner's own, and nobody else's.",
        ),
    ] = NO_SESSION,
) -> str:
    return own_visit(named)


def own_visit(named: str = NO_SESSION) -> str:
    """What a program's question is kept under: the name it gave; with accounts, its owner's visit.

    Whatever is named, it is found only among the questions of whoever asks.
    """
    own = principal().session_id
    return visit_id(own, named) if own else named


SessionHeader = Annotated[str, Depends(_session)]
"""The session of a program's question; empty where it names none and nobody is signed in."""
PrivateDep = Annotated[bool, Depends(is_private)]
"""Whoever asks does not want to be followed (`DNT: 1`, `Sec-GPC: 1`)."""


def require_ready(services: Services) -> str:
    """What the product says when it is ready; for streams, whose status is sent before they fail.

    Raises:
        NotReady: the model is still loading.
        IndexProblem: the model or the index cannot be used.
    """
    readiness = services.readiness()
    if readiness.state == "warming":
        raise NotReady(readiness.message, "Try again in a few seconds.")
    if readiness.state == "failed":
        raise IndexProblem(readiness.message)
    return readiness.message
