"""What the rest of the product needs of asking and searching, without how it is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol

from opentelemetry.trace import Span

from app.ask.writing.prompts import Message
from app.domain import Answer, Asking, AskStep, Block, Filters, Question, Retrieval, Usage


class Asks(Protocol):
    """Answers questions; the same object behind web, API, CLI and evals."""

    def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        """The steps of one question; the last is `Finished`.

        Raises:
            BadRequest: the question is empty or too long.
            ModeUnavailable: written mode without a chat model.
            NotReady: the embedding model is still loading.
            IndexProblem: the index cannot be used.
        """

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone. Raises as `ask` does."""


class Recorder(Protocol):
    """Keeps what was asked and how it ended. Blocks on a database; called in a thread."""

    def asked(self, asking: Asking) -> None:
        """A question was accepted."""

    def answered(self, asking: Asking, answer: Answer) -> None:
        """It has its answer, which is kept with it, both or neither."""

    def ended(
        self,
        asking: Asking,
        status: Literal["stopped", "failed"],
        error_type: str,
        timings_ms: Mapping[str, float],
        vector: bytes = b"",
    ) -> None:
        """It ended without one: whoever asked went away, or something failed.

        ``vector``: the question's embedding, where it was searched for.
        """


class Remembers(Protocol):
    """Knows what a conversation was about."""

    def conversation(self, conversation_id: str, session_id: str, /) -> list[Answer]:
        """The session's answers in a conversation, oldest first."""


class Searches(Protocol):
    """Finds passages; the one retrieval behind search mode and answers."""

    def search(self, question: str, k: int, filters: Filters) -> Retrieval:
        """The best ``k`` passages. Raises as `Asks.ask` does."""


class Chunk(Protocol):
    """A piece of what a chat model writes."""

    @property
    def text(self) -> str:
        """As it came; may be empty."""

    @property
    def usage(self) -> Usage | None:
        """Of the whole call, with the last piece."""


class Chats(Protocol):
    """A chat model, as far as rewriting a question needs it."""

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: Span | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """What the model writes, piece by piece; raises when it fails. Closing it ends the call."""


class Answerable(Protocol):
    """Says whether the documents answer a question: retrieval and judgment, about 15 ms."""

    def __call__(self, question: str, filters: Filters, /) -> bool:
        """True when `ask` with these filters would not end in `not_found`."""


class ReadsTexts(Protocol):
    """Extracted texts by document."""

    def text(self, document_id: str) -> tuple[str, tuple[Block, ...]]:
        """The text and its blocks; raises NotFound when the document is gone."""
