"""The answerer that writes: prose by a chat model, every sentence with exact citations.

The model cites passages; a reader is shown the sentences of the passage that carry what was
written, word for word. Whether they do is decided afterwards, by `app.ask.checking.verify`;
whatever fails here is a `WritingFailed`, and the quoted answer takes its place.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from opentelemetry.trace import Span as TraceSpan

from app.ask.orders import orders_a_model
from app.ask.quotes import Quote
from app.ask.reading import WIDER
from app.ask.writing.chat_model import ChatModel
from app.ask.writing.citing import CitedSentence, parse
from app.ask.writing.prompts import NOT_COVERED, answer_messages
from app.ask.writing.supporting import supporting_span
from app.domain import Citation, Hit, Retrieval, Sentence, Span, Usage
from app.errors import WritingFailed

_DRAFT_EVERY_S = 0.08
"""A page can't be read quicker than it changes twelve times a second."""
_MOST_CHARS = 60_000
"""Of all passages together: some 15,000 tokens, which current small models still read."""
_REFUSAL = re.compile(
    r"^\W*(?:i['’]?m (?:really )?(?:sorry|afraid|unable)|i am (?:sorry|unable)|sorry\b|apologies"
    r"|i (?:can['’]?t|cannot|won['’]?t|will not|must decline)|as an ai\b|unfortunately,? i\b)",
    re.IGNORECASE,
)
_NOT_COVERED = re.compile(rf"^\W*{NOT_COVERED.replace('_', '[_ ]')}\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WrittenDraft:
    """The answer so far; each draft replaces the one before.

    ``citations`` are numbered from 1 in the order of first use. ``done``: the last draft; only then
    are ``usage`` and ``finish`` known. ``finish`` "length": the answer was cut at its token limit,
    and the sentence it was cut in is left out.
    """

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    usage: Usage
    done: bool
    model: str
    finish: Literal["", "stop", "length"] = ""


class Writer:
    """Writes answers with one chat model."""

    def __init__(
        self, model: ChatModel, *, max_tokens: int, passages: int = 8, instructions: str = ""
    ) -> None:
        """``passages``: how many the model is given, best first; ``instructions``: own ones."""
        self._model = model
        self._max_tokens = max_tokens
        self._passages = passages
        self._instructions = instructions

    @property
    def name(self) -> str:
        """The model's name, as shown to people."""
        return self._model.name

    async def write(
        self,
        question: str,
        retrieval: Retrieval,
        quotes: Sequence[Quote],
        *,
        wider: bool = False,
        parent: TraceSpan | None = None,
    ) -> AsyncGenerator[WrittenDraft, None]:
        """Drafts as the text comes in; the last one is ``done``. Closing it stops the model.

        ``question`` stands alone (follow-ups are rewritten before). ``quotes``: the quoted answer,
        whose passages the model is given whatever their rank. ``wider``: more sources were asked
        for.

        Raises:
            WritingFailed: timed out, refused, empty, unreachable, over budget, without a citation…
        """
        hits = _read(retrieval, quotes, self._passages * (WIDER if wider else 1))
        composing = _Composing(question, hits, quotes)
        messages = answer_messages(question, hits, instructions=self._instructions)
        text, shown = "", 0.0
        usage, finish = Usage(), "stop"
        async with aclosing(
            self._model.stream(messages, max_tokens=self._max_tokens, parent=parent)
        ) as chunks:
            async for chunk in chunks:
                text += chunk.text
                usage = chunk.usage or usage
                finish = chunk.finish or finish
                if not chunk.text or time.monotonic() - shown < _DRAFT_EVERY_S:
                    continue
                sentences, citations = composing.compose(text, complete=False)
                # A refusal is not shown word by word before the quotes replace it.
                if citations:
                    shown = time.monotonic()
                    yield WrittenDraft(sentences, citations, usage, done=False, model=self.name)
        cut = finish == "length"
        sentences, citations = composing.compose(text, complete=True, cut=cut)
        if not citations:
            raise self._nothing_cited(text, usage)
        yield WrittenDraft(
            sentences,
            citations,
            usage,
            done=True,
            model=self.name,
            finish="length" if cut else "stop",
        )

    def _nothing_cited(self, text: str, usage: Usage) -> WritingFailed:
        plain = " ".join(sentence.text for sentence in parse(text, []))
        if _NOT_COVERED.match(text.strip()):
            return WritingFailed(
                f"{self.name} found no answer in the passages it was given.",
                problem="not_covered",
                usage=usage,
            )
        if not plain:
            return WritingFailed(f"{self.name} gave an empty answer.", problem="empty", usage=usage)
        if _REFUSAL.match(plain):
            return WritingFailed(
                f"{self.name} refused to answer.",
                "Word it differently.",
                problem="refused",
                usage=usage,
            )
        return WritingFailed(
            f"{self.name} named no source for what it wrote.", problem="uncited", usage=usage
        )


class _Composing:
    """Text so far → sentences and citations; what was settled for one draft stays in the next."""

    def __init__(self, question: str, hits: Sequence[Hit], quotes: Sequence[Quote]) -> None:
        self._question = question
        self._hits = hits
        self._texts = [hit.passage.text for hit in hits]
        self._quoted = {quote.hit.passage.id: quote.span for quote in quotes}
        self._spans: dict[tuple[str, int], Span] = {}

    def compose(
        self, text: str, *, complete: bool, cut: bool = False
    ) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
        """``cut``: the text ends within a sentence, which is left out if it is not the only one."""
        text = _NOT_COVERED.sub("", text)
        cited = parse(text, self._texts, complete=complete)
        if cut and len(cited) > 1 and not cited[-1].text.endswith((".", "!", "?", "。")):
            cited = cited[:-1]
        citations: list[Citation] = []
        numbers: dict[tuple[str, Span], int] = {}
        sentences = []
        for sentence in cited:
            own = []
            for number in sentence.numbers:
                hit = self._hits[number - 1]
                span = self._span(sentence, hit, number)
                if orders_a_model(hit.passage.text[slice(*_within(span, hit))]):
                    continue  # an order is no evidence of what it orders to be said
                key = (hit.passage.id, span)
                if key not in numbers:
                    numbers[key] = len(citations) + 1
                    citations.append(_citation(numbers[key], hit, span))
                own.append(numbers[key])
            sentences.append(Sentence(sentence.text, tuple(dict.fromkeys(own))))
        return tuple(sentences), tuple(citations)

    def _span(self, sentence: CitedSentence, hit: Hit, number: int) -> Span:
        key = (sentence.text, number)
        if key not in self._spans:
            fallback = self._quoted.get(hit.passage.id)
            self._spans[key] = supporting_span(sentence.text, hit, fallback)
        return self._spans[key]


def _read(retrieval: Retrieval, quotes: Sequence[Quote], limit: int) -> list[Hit]:
    """The passages a model is given, best first: those quoted, and as many others as fit."""
    quoted = {quote.hit.passage.id for quote in quotes}
    chosen = {hit.passage.id for hit in retrieval.hits[:limit]} | quoted
    hits: list[Hit] = []
    length = 0
    for hit in sorted(
        (hit for hit in retrieval.hits if hit.passage.id in chosen),
        key=lambda hit: hit.passage.id not in quoted,
    ):
        length += len(hit.passage.text)
        if hits and length > _MOST_CHARS:
            break
        hits.append(hit)
    place = {hit.passage.id: i for i, hit in enumerate(retrieval.hits)}
    return sorted(hits, key=lambda hit: place[hit.passage.id])


def _within(span: Span, hit: Hit) -> Span:
    """A document's offsets as the passage's."""
    return span[0] - hit.passage.start, span[1] - hit.passage.start


def _citation(number: int, hit: Hit, span: Span) -> Citation:
    passage, document = hit.passage, hit.document
    start, end = span
    first, last = _within(span, hit)
    return Citation(
        number=number,
        document_id=document.id,
        passage_id=passage.id,
        title=document.title,
        source=document.source,
        collection=document.collection,
        kind=document.kind,
        heading=passage.heading,
        page=passage.page,
        page_kind=document.page_kind,
        quote=passage.text[first:last],
        start=start,
        end=end,
        updated_at=document.modified_at,
        before=passage.text[:first],
        after=passage.text[last:],
    )
