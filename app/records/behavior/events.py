"""Everything that is recorded about questions: one dataclass per signal, which documents itself.

An event carries ids and a few numbers, never what somebody wrote: comments and corrections stand
with the answer. Which door records it, and which metrics it moves, is said at each.

``person``: somebody did it; it counts as an interaction with the answer. ``said``: it was said on
purpose, so that it counts whoever says it, and is kept for people who do not want to be followed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from secrets import token_hex
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from app import moment
from app.domain import Channel

Place = Annotated[int, Field(ge=1, le=10_000)]
"""A citation's number, or a passage's rank; from 1."""
Rating = Annotated[int, Field(ge=1, le=5)]
Word = Annotated[str, Field(max_length=60)]
"""A word of a fixed list, like the kind of a problem."""


def new_id() -> str:
    """An event's own id; a browser makes its own, so that what it sends again counts once."""
    return f"eve_{token_hex(12)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have; `answer_id` is a question's or a search's."""

    kind: ClassVar[str] = ""
    person: ClassVar[bool] = True
    said: ClassVar[bool] = False
    from_page: ClassVar[bool] = False
    """A page's script may send it."""

    answer_id: str = ""
    session_id: str = ""
    id: str = field(default_factory=new_id)
    at: datetime = field(default_factory=moment.now)

    @property
    def properties(self) -> dict[str, Any]:
        """What only this kind has, as JSON."""
        own: dict[str, Any] = json.loads(_codec(self.kind).dump_json(self, exclude=set(_COMMON)))
        return own


# --- what became of a question --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Event):
    """A question was accepted. By the asker, before anything is searched.

    For: every metric with questions in it; funnel.
    """

    kind: ClassVar[str] = "asked"
    person: ClassVar[bool] = False
    channel: Channel
    regenerate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """It has its answer, which may be that there is none. By the asker, with the answer.

    For: abstention, time_to_answer, funnel.
    """

    kind: ClassVar[str] = "answered"
    person: ClassVar[bool] = False
    state: Word
    level: Word
    mode: Word
    followup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(Event):
    """Whoever asked stopped it or went away before the answer was complete. By the asker.

    For: funnel (drop-off).
    """

    kind: ClassVar[str] = "stopped"
    person: ClassVar[bool] = False
    first_content_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """It ended in an error, which was shown. By the asker.

    For: funnel (drop-off).
    """

    kind: ClassVar[str] = "failed"
    person: ClassVar[bool] = False
    error_type: str = ""


# --- what somebody did with an answer -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationOpened(Event):
    """A cited passage was opened in the viewer. By the viewer's page, from the link's ``from``.

    For: citation_open, task_success, acceptance, funnel, time_to_done.
    """

    kind: ClassVar[str] = "citation_opened"
    from_page: ClassVar[bool] = True
    number: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageOpened(Event):
    """One of the closest passages was opened, where nothing answered. By the viewer's page.

    For: abandonment (it is an interaction, not a citation opened).
    """

    kind: ClassVar[str] = "passage_opened"
    from_page: ClassVar[bool] = True
    number: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied(Event):
    """The answer was copied: by the button, by hand, or by reading its Markdown address.

    By the page's script; without JavaScript by ``GET /a/{id}.md`` of whoever asked.
    For: task_success, acceptance, time_to_done.
    """

    kind: ClassVar[str] = "copied"
    from_page: ClassVar[bool] = True
    what: Literal["answer", "selection"] = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(Event):
    """The answer's link was copied. By the page's script alone: opening a link shares nothing.

    For: task_success, acceptance, time_to_done.
    """

    kind: ClassVar[str] = "shared"
    from_page: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupChosen(Event):
    """A suggested question was chosen. By the question that it asks, from the link's ``via``.

    For: abandonment.
    """

    kind: ClassVar[str] = "followup_chosen"
    from_page: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RephrasingChosen(Event):
    """A way to put the question that was offered was chosen. By the question, from ``via``.

    For: abandonment, prompt_quality.
    """

    kind: ClassVar[str] = "rephrasing_chosen"
    from_page: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Regenerated(Event):
    """The same was asked again, perhaps with more sources. By the question, from ``via``.

    For: abandonment; retry and time_to_done see the question itself.
    """

    kind: ClassVar[str] = "regenerated"
    from_page: ClassVar[bool] = True
    more_sources: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSwitched(Event):
    """Another mode was asked for: written, or quotes again. By the question, from ``via``.

    For: abandonment; retry sees the question itself.
    """

    kind: ClassVar[str] = "mode_switched"
    from_page: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesNarrowed(Event):
    """The same was asked in fewer documents, or in all again. By the question, from ``via``.

    For: abandonment; retry sees the question itself.
    """

    kind: ClassVar[str] = "sources_narrowed"
    from_page: ClassVar[bool] = True
    wider: bool = False


# --- what somebody said about an answer -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked(Event):
    """The answer was marked helpful or not; the last mark holds. By the feedback form or the API.

    For: acceptance, rejection, task_success, trust by level, time_to_done.
    """

    kind: ClassVar[str] = "marked"
    said: ClassVar[bool] = True
    helpful: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Event):
    """Somebody said what the answer should be. By the correction form or the API.

    For: override, rejection.
    """

    kind: ClassVar[str] = "corrected"
    said: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Event):
    """A problem with the answer was reported. By the report form or the API.

    For: tickets, rejection.
    """

    kind: ClassVar[str] = "reported"
    said: ClassVar[bool] = True
    problem: Word = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRequested(Event):
    """The owners were told that an answer is missing. By the request form or the API.

    For: abandonment, coverage_gaps.
    """

    kind: ClassVar[str] = "content_requested"
    said: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRated(Event):
    """An answer to “How much do you trust answers here?”, 1 to 5. By the survey under an answer.

    For: trust, before and after each release.
    """

    kind: ClassVar[str] = "trust_rated"
    from_page: ClassVar[bool] = True
    rating: Rating


# --- search ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched(Event):
    """Something was searched for without asking. By the search page, the API or MCP.

    For: time_to_done (search compared with ask).
    """

    kind: ClassVar[str] = "searched"
    person: ClassVar[bool] = False
    channel: Channel
    results: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOpened(Event):
    """A result of a search was opened. By the viewer's page, from the link's ``from``.

    For: time_to_done of searches (time saved).
    """

    kind: ClassVar[str] = "result_opened"
    from_page: ClassVar[bool] = True
    number: Place


KINDS: dict[str, type[Event]] = {
    one.kind: one
    for one in (
        Asked, Answered, Stopped, Failed, CitationOpened, PassageOpened, Copied, Shared,
        FollowupChosen, RephrasingChosen, Regenerated, ModeSwitched, SourcesNarrowed, Marked,
        Corrected, Reported, ContentRequested, TrustRated, Searched, ResultOpened,
    )
}  # fmt: skip
"""Every kind by its name."""

_COMMON = tuple(one.name for one in fields(Event))


@cache
def _codec(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])


def made(kind: str, properties: Mapping[str, Any], **common: Any) -> Event:
    """An event from its kind's name and its properties as JSON has them.

    Raises:
        KeyError: there is no such kind.
        ValueError: a property is unknown, missing or not of its type.
    """
    cls = KINDS[kind]
    own = {one.name for one in fields(cls)} - set(_COMMON)
    if unknown := set(properties) - own:
        raise ValueError(f"{kind} has no property {sorted(unknown)[0]!r}")
    event: Event = _codec(kind).validate_python({**properties, **common})
    return event
