"""Asks a case through the product's own Asker, in this process, and keeps what it did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from secrets import token_hex
from typing import Any

from app.bootstrap import Services
from app.domain import Answer, Citation, Hit, Passage, Question
from app.insights.evals.row import TraceStep
from evals.datasets import Case
from evals.running.baselines import Baselines, nearest_sentences
from evals.running.gold import GoldFinder, Places, covers, overlaps
from evals.running.invariants import violations
from evals.running.options import DEPTH, RunOptions
from evals.running.records import CaseRecord, CitedPlace, RankedPassage, Ranking
from evals.running.spans import SpanKeeper
from evals.scoring import documents


class InProcess:
    """The Asker of ``services``; of a case with ``after`` the last answer counts."""

    def __init__(self, services: Services, finder: GoldFinder, options: RunOptions) -> None:
        """Waits for the embedding model where baselines are wanted."""
        self._services = services
        self._finder = finder
        self._options = options
        self._baselines = Baselines(services) if options.baselines else None
        sink = services.tracing.sink
        self._spans = sink if isinstance(sink, SpanKeeper) else None

    async def ask(self, case: Case) -> CaseRecord:
        """What the product does with a case. Raises as the Asker does."""
        filters = self._options.filters
        conversation = f"con_{token_hex(8)}" if case.after else None
        for earlier in case.after:
            before = await self._services.asker.answer(
                Question(earlier, filters=filters, conversation_id=conversation)
            )
            self._trace(before)
        answer = await self._services.asker.answer(
            # "tries": a judge sees what a reader does.
            Question(case.question, "auto", filters, conversation, suggest="tries")
        )
        return await asyncio.to_thread(self._record, case, answer)

    def _trace(self, answer: Answer) -> tuple[TraceStep, ...]:
        return self._spans.take(answer.trace_id) if self._spans is not None else ()

    def _record(self, case: Case, answer: Answer) -> CaseRecord:
        places = [self._finder.places(gold, case.answers) for gold in case.gold]
        found = answer.retrieval.hits if answer.retrieval else ()
        read = found[: self._services.settings.read_passages]
        depth = documents.depth(case, DEPTH)
        if len(found) < depth:  # a retrieval narrower than what is scored, or by parts
            found = self._services.search.search(answer.question, depth, answer.filters).hits
        rankings: dict[Ranking, Sequence[Hit]] = {"fused": found[:depth]}
        if self._baselines is not None:
            rankings |= self._baselines.rank(answer.question, depth, answer.filters)
        cited = self._services.documents.passages({c.passage_id for c in answer.citations})
        passages = {key: passage for key, (passage, _) in cited.items()}
        labels = {key: self._finder.label(document) for key, (_, document) in cited.items()}
        names = [labels.get(c.passage_id, c.source) for c in answer.citations]
        return CaseRecord(
            case=case,
            state=answer.state,
            level=answer.confidence.level,
            probability=answer.confidence.probability,
            text=answer.text,
            sentences=_sentences(answer.citations, passages),
            cited=tuple(names),
            closest=tuple(self._finder.label(hit.document) for hit in answer.closest),
            hits=self._ranked(read, places),
            rankings={name: self._ranked(hits, places) for name, hits in rankings.items()},
            best_sentences=nearest_sentences(read),
            located=tuple(bool(place) for place in places),
            violations=tuple(violations(answer, self._text, passages)),
            timings_ms=dict(answer.timings_ms),
            answer=answer_json(answer),
            signals=dict(answer.signals),
            cited_places=tuple(
                CitedPlace(name, c.start, c.end, covers(c.document_id, (c.start, c.end), places))
                for name, c in zip(names, answer.citations, strict=True)
            ),
            contexts=tuple(hit.passage.text for hit in read),
            cited_contexts=tuple(
                dict.fromkeys(
                    passages[c.passage_id].text
                    for c in answer.citations
                    if c.passage_id in passages
                )
            ),
            trace=self._trace(answer),
        )

    def _text(self, document_id: str) -> str:
        return self._finder.text(document_id).text

    def _ranked(self, hits: Iterable[Hit], places: Sequence[Places]) -> tuple[RankedPassage, ...]:
        """Hits with the gold they cover, also through a near-duplicate folded into them."""
        ranked = []
        for hit in hits:
            folded = self._services.documents.passages(hit.duplicates) if hit.duplicates else {}
            own = [hit.passage, *(passage for passage, _ in folded.values())]
            ranked.append(
                RankedPassage(
                    document=self._finder.label(hit.document),
                    passage_id=hit.passage.id,
                    start=hit.passage.start,
                    end=hit.passage.end,
                    score=hit.score,
                    dense=hit.dense,
                    lexical=hit.lexical,
                    gold=tuple(
                        i for i, place in enumerate(places) if any(overlaps(p, place) for p in own)
                    ),
                )
            )
        return tuple(ranked)


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as plain data, without the passages around its quotes and what it read."""
    data = asdict(answer)
    for key in ("retrieval", "closest", "filters", "signals"):
        del data[key]
    for citation in data["citations"]:
        del citation["before"], citation["after"], citation["source"]
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def _sentences(citations: Iterable[Citation], passages: dict[str, Passage]) -> int:
    """How many of the documents' sentences are cited."""
    return sum(
        start < citation.end and citation.start < end
        for citation in citations
        if citation.passage_id in passages
        for start, end in passages[citation.passage_id].sentences
    )
