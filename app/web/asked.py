"""A question as a form or a link sends it: its text, its filters, and how it is to be answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, get_args

from fastapi import Depends, Form

from app.bootstrap import Services
from app.domain import Mode, Question
from app.errors import BadRequest
from app.web.dependencies import NarrowedForm, NarrowedQuery, Narrowing
from app.web.form_view import Continuing

_CONVERSATION = re.compile(r"[\w-]{1,40}")
"""As wide as the records' column; anything else begins a new conversation."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was sent."""

    text: str
    mode: str
    narrowing: Narrowing
    continuing: Continuing
    more_sources: bool

    def question(self, services: Services) -> Question:
        """As the asker wants it.

        Raises:
            BadRequest: a mode that does not exist, or a date that is none.
            NotFound: a collection or a document that does not exist.
        """
        for known in get_args(Mode):
            if self.mode == known:
                return Question(
                    self.text,
                    known,
                    self.narrowing.filters(services),
                    conversation_id=self.continuing.conversation_id or None,
                    rewrite=self.continuing.rewrite,
                    more_sources=self.more_sources,
                )
        raise BadRequest(
            f"There is no mode “{self.mode[:20]}”.", "Use auto, quotes, written or search."
        )


def continuing(conversation_id: str, rewrite: str) -> Continuing:
    """What the hidden fields say; ``rewrite`` is ``0`` after somebody edited a question."""
    known = _CONVERSATION.fullmatch(conversation_id) is not None
    return Continuing(conversation_id if known else "", rewrite != "0")


def _from_form(
    narrowed: NarrowedForm,
    q: Annotated[str, Form()] = "",
    mode: Annotated[str, Form()] = "",
    conversation_id: Annotated[str, Form()] = "",
    rewrite: Annotated[str, Form()] = "",
    more_sources: Annotated[str, Form()] = "",
) -> Asked:
    return Asked(
        q, mode or "auto", narrowed, continuing(conversation_id, rewrite), more_sources == "1"
    )


def _from_query(
    narrowed: NarrowedQuery,
    q: str = "",
    mode: str = "",
    conversation_id: str = "",
    rewrite: str = "",
    more_sources: str = "",
) -> Asked:
    return Asked(
        q, mode or "auto", narrowed, continuing(conversation_id, rewrite), more_sources == "1"
    )


AskedForm = Annotated[Asked, Depends(_from_form)]
AskedQuery = Annotated[Asked, Depends(_from_query)]
