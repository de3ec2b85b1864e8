"""What routes ask for, named as types."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from app.bootstrap import Services
from app.errors import IndexProblem, NotReady
from app.requests import get_services, is_private

ServicesDep = Annotated[Services, Depends(get_services)]

SessionHeader = Annotated[
    str,
    Header(
        alias="X-Session-Id",
        pattern=r"^([\w-]{8,64})?$",
        description="A name of your own for one person's or one program's visit: 8 to 64 letters, "
        "digits, `-` and `_`, not guessable, and nothing that says who it is. Questions with the "
        "same one are seen as belonging together, in conversations and in the numbers on "
        "`/insights`. Without it every question stands alone.",
    ),
]
"""The session of a program's question; empty where it names none."""
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
