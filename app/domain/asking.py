"""A question, and the steps it goes through until it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.domain.answers import Answer, Citation, Sentence
from app.domain.retrieval import UNFILTERED, Filters, Retrieval

Mode = Literal["auto", "quotes", "written"]
Channel = Literal["web", "api", "openai", "mcp", "cli"]
"""Through which door a question came."""
Suggest = Literal["later", "tries", "all"]
"""``later``: none, `Asker.suggest` finds them when they are looked for; ``tries``: what to try
instead, where nothing was found; ``all``: also follow-ups."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked, and how they want it answered.

    ``conversation_id`` continues a conversation: a follow-up is rewritten to stand alone unless
    ``rewrite`` is False (somebody edited the rewritten question). ``more_sources``: read and quote
    about twice as much. ``suggest``: which questions are tried before the answer is given, so that
    it comes with those that have an answer, about 150 ms later; see `Suggest`.

    ``channel``: the door it came through. ``regenerate``: a control asked the same again.
    ``private``: whoever asks does not want to be followed (Do Not Track, Global Privacy Control);
    what they do is not recorded. ``experiment`` and ``arm``: what the question was assigned to.
    """

    text: str
    mode: Mode = "auto"
    filters: Filters = UNFILTERED
    conversation_id: str | None = None
    rewrite: bool = True
    more_sources: bool = False
    suggest: Suggest = "later"
    channel: Channel = "api"
    regenerate: bool = False
    private: bool = False
    experiment: str = ""
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that was accepted: what is known before anything is found.

    ``typed``: its text, cleaned. ``answer_id`` and ``trace_id`` are the answer's from the start, so
    that a question which never gets one can be told of too.
    """

    answer_id: str
    trace_id: str
    conversation_id: str
    session_id: str
    question: Question
    typed: str
    asked_at: datetime


# --- the steps, in the order they happen ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Searching:
    """The question was accepted; retrieval is under way.

    ``asked``: what was typed, when ``question`` is a rewritten follow-up.
    """

    question: str
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Retrieval is done; nothing is answered yet."""

    retrieval: Retrieval


@dataclass(frozen=True, slots=True)
class Drafted:
    """The answer's sentences so far, not yet checked; each step replaces the one before.

    ``answer_id``: what the answer will be known by.
    """

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    answer_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer, checked and stored. Always the last step."""

    answer: Answer


AskStep = Searching | Found | Drafted | Finished
