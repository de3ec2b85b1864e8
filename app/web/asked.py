"""A question as a form or a link sends it: its text, its filters, and how it is to be answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, get_args

from fastapi import Depends, Form

from app.bootstrap import Services
from app.domain import Mode, Question
from app.errors import BadRequest
from app.web.dependencies import NarrowedForm, NarrowedQuery, Narrowing, PrivateDep
from app.web.form_view import Continuing
from app.web.via import Chosen, chosen

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
    chosen: Chosen | None = None
    """The control or the suggestion that asks, if it is one."""
    private: bool = False
    """Whoever asks does not want to be followed."""

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
                    channel="web",
                    regenerate=self.chosen is not None and self.chosen.again,
                    private=self.private,
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
    private: PrivateDep,
    q: Annotated[str, Form()] = "",
    mode: Annotated[str, Form()] = "",
    conversation_id: Annotated[str, Form()] = "",
    rewrite: Annotated[str, Form()] = "",
    more_sources: Annotated[str, Form()] = "",
    via: Annotated[str, Form()] = "",
) -> Asked:
    going_on = continuing(conversation_id, rewrite)
    return Asked(q, mode or "auto", narrowed, going_on, more_sources == "1", chosen(via), private)


def _from_query(
    narrowed: NarrowedQuery,
    private: PrivateDep,
    q: str = "",
    mode: str = "",
    conversation_id: str = "",
    rewrite: str = "",
    more_sources: str = "",
    via: str = "",
) -> Asked:
    going_on = continuing(conversation_id, rewrite)
    return Asked(q, mode or "auto", narrowed, going_on, more_sources == "1", chosen(via), private)


AskedForm = Annotated[Asked, Depends(_from_form)]
AskedQuery = Annotated[Asked, Depends(_from_query)]
