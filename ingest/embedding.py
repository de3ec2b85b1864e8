"""Embeds what was read, a batch of documents at a time, while the batch before is being stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain import Span
from app.knowledge.passage_text import embedding_text
from app.knowledge.ports import Embedder, Encoded
from app.telemetry import Attribute, Kind, SpanName
from ingest.prepare import Failed, Outcome, Read, Renamed, Same
from ingest.tracing import batch_span

AT_ONCE = 96
"""Passages between two looks at interruption, and between two reports of progress: one or two
seconds, and enough that the encoder's threads end together."""


@dataclass(frozen=True, slots=True)
class Advance:
    """So many more passages are embedded; ``size``: their share of the files' bytes."""

    passages: int
    size: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """Documents that are stored together. ``vectors``: by passage id."""

    reads: Sequence[Read]
    vectors: Mapping[str, Encoded]


Step = Same | Renamed | Failed | Advance | Embedded


def waits(step: Step) -> int:
    """For an outbox: a batch lets the encoder pause, until it is being stored; nothing else does.

    So three batches are in memory at most: one being stored, one embedded, and one in work.
    """
    return int(isinstance(step, Embedded))


@dataclass(frozen=True, slots=True)
class Embedding:
    """Turns outcomes into what has to be written, in their order.

    A batch is full with ``passages`` or with a weight of ``limit``, as ``weigh`` has it.
    ``embedder`` is asked for the model when the first batch is full.
    """

    embedder: Callable[[], Embedder]
    cancelled: Callable[[], bool]
    weigh: Callable[[Outcome], int]
    passages: int
    limit: int

    def steps(self, outcomes: Iterable[Outcome]) -> Iterator[Step]:
        """Ends early once cancelled."""
        batch: list[Read] = []
        passages = weight = 0
        for outcome in outcomes:
            if self.cancelled():
                return
            if not isinstance(outcome, Read):
                yield outcome
                continue
            batch.append(outcome)
            passages += len(outcome.passages)
            weight += self.weigh(outcome)
            if passages >= self.passages or weight >= self.limit:
                yield from self._embed(batch)
                batch = []
                passages = weight = 0
        if batch and not self.cancelled():
            yield from self._embed(batch)

    def _embed(self, batch: Sequence[Read]) -> Iterator[Advance | Embedded]:
        embedder = self.embedder()
        vectors: dict[str, Encoded] = {}
        texts = _texts(batch)
        name = SpanName.EMBEDDINGS.format(model=embedder.name)
        with batch_span(name, batch, Kind.EMBEDDING) as span:
            span.set_attribute(Attribute.OPERATION, "embeddings")
            span.set_attribute(Attribute.REQUEST_MODEL, embedder.name)
            size = 0.0
            for first in range(0, len(texts), AT_ONCE):
                if self.cancelled():
                    return
                some = texts[first : first + AT_ONCE]
                encoded = embedder.encode_passages(
                    [one.text for one in some], [one.spans for one in some]
                )
                vectors.update(zip((one.passage_id for one in some), encoded, strict=True))
                before, size = size, size + sum(one.share for one in some)
                yield Advance(len(some), round(size) - round(before))
        yield Embedded(batch, vectors)


@dataclass(frozen=True, slots=True)
class _Text:
    passage_id: str
    text: str
    spans: list[Span]
    share: float
    """Of the file's bytes."""


def _texts(batch: Sequence[Read]) -> list[_Text]:
    """What is embedded, of like length together: for models that pad, little is padded."""
    texts: list[_Text] = []
    for read in batch:
        assert read.parsed is not None  # noqa: S101  # only a dry run leaves it out
        share = read.work.item.size / len(read.passages)
        for passage in read.passages:
            text, spans = embedding_text(read.parsed.title, passage)
            texts.append(_Text(passage.id, text, spans, share))
    texts.sort(key=lambda one: len(one.text))
    return texts
