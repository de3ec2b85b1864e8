"""``via``: which control or suggestion of an answer a question was asked with.

A link that asks carries ``via=<what>.<answer id>``, so that choosing it is known without scripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from app.domain import Answer
from app.records.behavior.events import Event, made

Via = Literal["again", "more", "mode", "narrow", "widen", "followup", "rephrasing"]
"""Ask again, more sources, another mode, fewer documents, all of them; a suggested question, and
another way to put one."""
_WRITTEN = re.compile(
    r"(?P<what>again|more|mode|narrow|widen|followup|rephrasing)\.(?P<id>ans_[\w-]{1,36})"
)

_EVENTS: dict[Via, tuple[str, dict[str, bool]]] = {
    "again": ("regenerated", {}),
    "more": ("regenerated", {"more_sources": True}),
    "mode": ("mode_switched", {}),
    "narrow": ("sources_narrowed", {}),
    "widen": ("sources_narrowed", {"wider": True}),
    "followup": ("followup_chosen", {}),
    "rephrasing": ("rephrasing_chosen", {}),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen, and beside which answer."""

    what: Via
    answer_id: str

    @property
    def again(self) -> bool:
        """True for the controls, which ask the same once more."""
        return self.what not in ("followup", "rephrasing")

    def event(self, session_id: str) -> Event:
        """That it was chosen."""
        kind, properties = _EVENTS[self.what]
        return made(kind, properties, answer_id=self.answer_id, session_id=session_id)


def via(what: Via, answer: Answer) -> str:
    """What a link carries."""
    return f"{what}.{answer.answer_id}"


def chosen(text: str) -> Chosen | None:
    """What `via` wrote; None where it is something else."""
    found = _WRITTEN.fullmatch(text)
    return Chosen(cast("Via", found["what"]), found["id"]) if found else None
