"""Runs one question through an asker and gives what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.domain import Answer, AskStep, Finished, Question

if TYPE_CHECKING:
    from app.ask.ports import Asks


def steps_of(asker: Asks, question: Question | str, session: str = "") -> list[AskStep]:
    """All steps of one question."""
    asked = Question(question) if isinstance(question, str) else question

    async def run() -> list[AskStep]:
        return [step async for step in asker.ask(asked, session)]

    return asyncio.run(run())


def answer_to(asker: Asks, question: Question | str, session: str = "") -> Answer:
    """The finished answer."""
    *_, last = steps_of(asker, question, session)
    assert isinstance(last, Finished)
    return last.answer
