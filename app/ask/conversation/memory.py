"""Conversations kept in memory, where nothing is recorded: an eval's follow-ups need them too."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Literal

from app.access import reach
from app.domain import Answer, Asking

_CONVERSATIONS = 100
"""Kept at once; the one that was asked in longest ago is forgotten first."""


class ConversationMemory:
    """A `Recorder` that remembers the answers of named conversations, and nothing beyond.

    A question that names no conversation has no follow-up, and is not kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: OrderedDict[tuple[str, str], list[Answer]] = OrderedDict()

    def asked(self, asking: Asking) -> None:
        """Nothing is kept before there is an answer."""

    def answered(self, asking: Asking, answer: Answer) -> None:
        """Remember the answer, without the passages around it."""
        if not asking.question.conversation_id:
            return
        key = (asking.conversation_id, asking.session_id)
        with self._lock:
            self._answers.setdefault(key, []).append(replace(answer, retrieval=None, closest=()))
            self._answers.move_to_end(key)
            while len(self._answers) > _CONVERSATIONS:
                self._answers.popitem(last=False)

    def ended(
        self,
        asking: Asking,
        status: Literal["stopped", "failed"],
        error_type: str,
        timings_ms: Mapping[str, float],
        vector: bytes = b"",
    ) -> None:
        """A question without an answer is nothing to come back to."""

    def conversation(self, conversation_id: str, session_id: str) -> list[Answer]:
        """The session's answers in a conversation, oldest first; those that may (still) be seen."""
        with self._lock:
            found = list(self._answers.get((conversation_id, session_id), ()))
        return [one for one in found if all(reach().sees(c.collection) for c in one.citations)]
