"""Searches, as facts beside questions: what people looked for themselves, and what they opened."""

from __future__ import annotations

import re
from datetime import timedelta
from secrets import token_hex

from sqlalchemy import Connection, Engine, insert, select

from app import moment
from app.domain import Channel, Retrieval
from app.records.behavior.event_reads import with_events
from app.records.behavior.event_store import write_events
from app.records.behavior.events import Searched
from app.records.behavior.forgetting import forget_questions
from app.records.behavior.rederiving import after_asking
from app.records.behavior.revisions import bump
from app.records.behavior.tables import question_vectors, questions
from app.records.rows import storable
from app.redaction import Redact, unchanged

SAME_SEARCH = timedelta(minutes=10)
"""The same words again so soon are the same search: a page was loaded again, or gone back to."""
TYPING = timedelta(seconds=5)
"""Results come while somebody types; words that go on so soon are still being typed."""
_WORD = re.compile(r"\w+")


class SearchRecorder:
    """Keeps searches as rows of `questions` with kind ``search``."""

    def __init__(self, engine: Engine, release: str, redact: Redact = unchanged) -> None:
        self._engine = engine
        self._release = release
        self._redact = redact

    def identify(self, text: str, session_id: str) -> str:
        """The id that a search will have: that of the same search, where it was just made."""
        text = self._redact(text)
        with self._engine.connect() as connection:
            return self._recent(connection, session_id, text)[0] or f"sea_{token_hex(8)}"

    def searched(
        self,
        search_id: str,
        text: str,
        retrieval: Retrieval,
        *,
        session_id: str = "",
        channel: Channel,
        typing: bool = False,
    ) -> str:
        """Keep a search; its id, for links to its results.

        The same words within `SAME_SEARCH` are one search. ``typing``: the page searches with every
        pause; what is typed on replaces what stood there.
        """
        text = self._redact(text)
        with self._engine.begin() as connection:
            revision = bump(connection)
            known, unfinished = self._recent(connection, session_id, text)
            if known:
                return known
            if typing and unfinished is not None:
                forget_questions(connection, [unfinished])
            self._insert(connection, search_id, text, retrieval, session_id, channel, revision)
            event = Searched(
                answer_id=search_id,
                session_id=session_id,
                channel=channel,
                results=len(retrieval.hits),
            )
            write_events(connection, [event], self._release)
            if session_id or with_events(connection, search_id):  # nobody's stands alone
                after_asking(connection, search_id, revision)
        return search_id

    def _recent(self, connection: Connection, session_id: str, text: str) -> tuple[str, str | None]:
        """The same search, if it was just made; and the last one, if it is still being typed."""
        if not session_id:
            return "", None
        now, c = moment.now(), questions.c
        query = (
            select(c.answer_id, c.text, c.asked_at, c.interacted_at)
            .where(c.session_id == session_id, c.kind == "search", c.asked_at >= now - SAME_SEARCH)
            .where(c.asked_at <= now)
            .order_by(c.asked_at.desc(), c.answer_id.desc())
        )
        rows = list(connection.execute(query))
        same = next((row.answer_id for row in rows if _plain(row.text) == _plain(text)), "")
        last = rows[0] if rows else None
        if last is None or last.interacted_at or now - last.asked_at > TYPING:
            return same, None
        return same, last.answer_id if _goes_on(last.text, text) else None

    def _insert(
        self,
        connection: Connection,
        search_id: str,
        text: str,
        retrieval: Retrieval,
        session_id: str,
        channel: Channel,
        revision: int,
    ) -> None:
        now = moment.now()
        connection.execute(
            insert(questions),
            {
                "answer_id": search_id,
                "kind": "search",
                "channel": channel,
                "session_id": session_id,
                "text": storable(text),
                "followup": False,
                "regenerate": False,
                "private": False,
                "content_words": len(retrieval.terms),
                "asked_at": now,
                "status": "complete",
                "total_ms": sum(retrieval.timings_ms.values()),
                "completed_at": now,
                "citations": 0,
                "collection": retrieval.hits[0].document.collection if retrieval.hits else "",
                "input_tokens": 0,
                "output_tokens": 0,
                "cached_tokens": 0,
                "release": self._release,
                "thread_id": search_id,
                "revision": revision,
            },
        )
        if retrieval.vector:
            connection.execute(
                insert(question_vectors).values(answer_id=search_id, vector=retrieval.vector)
            )


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _goes_on(before: str, text: str) -> bool:
    """Letters were added at the end, or taken away there."""
    one, other = _plain(before), _plain(text)
    return one.startswith(other) or other.startswith(one)
