"""Drives the product's own Asker over cases, in process, and keeps what it did."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import json
import os
import platform
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from app.bootstrap import Services
from app.domain import Answer, Filters, Hit, Question
from app.errors import BadRequest
from evals import confidence_file
from evals.baselines import Baselines
from evals.datasets import Case, Dataset
from evals.gold import GoldFinder, Places, overlaps
from evals.invariants import violations
from evals.records import CaseRecord, RankedPassage, Ranking, RunResult, from_line, to_line

DEPTH = 10
"""Passages kept of each ranking: recall@k and nDCG@k reach to here."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run.

    ``limit``: so many cases, drawn with ``seed``; None for all. ``parallel``: questions at once
    (above 1, latencies say less). ``baselines``: also rank by cosine and by BM25 alone, and find
    the nearest sentence. ``resume``: a JSONL file that is written as the run goes; cases that it
    already holds are not asked again. ``filters``: as a person could set them.
    """

    limit: int | None = None
    seed: int = 0
    parallel: int = 1
    baselines: bool = True
    resume: Path | None = None
    filters: Filters = field(default_factory=Filters)


def run(
    services: Services,
    dataset: Dataset,
    options: RunOptions | None = None,
    progress: Progress = lambda _done, _all: None,
) -> RunResult:
    """Ask every case. ``progress`` is told cases done and cases in all.

    ``services`` should be built with ``record_answers=False``, so that questions leave no trace.

    Raises:
        NotFound: none of the dataset's documents is in the index.
        BadRequest: a question cannot be asked; or the file to resume is of another run.
        NotReady, IndexProblem, SettingsError: as the Asker.
    """
    options = options or RunOptions()
    cases = drawn(dataset.cases, options.limit, options.seed)
    finder = GoldFinder(services.documents, cases)
    services.embedder.get(wait=True)
    services.search.search("warm up", 1)
    environment = describe(services, dataset, options) | {"documents_sha256": finder.fingerprint}
    started = time.perf_counter()
    known, stream = _resumed(options.resume, environment)
    runner = _Runner(services, finder, options)
    with stream or nullcontext():
        asked = asyncio.run(runner.ask_all(cases, known, stream, progress))
    records = known | asked
    unlocated = sum(not place for record in records.values() for place in record.located)
    return RunResult(
        dataset=dataset.name,
        records=tuple(records[case.id] for case in cases),
        seconds=time.perf_counter() - started,
        environment=environment,
        notes=tuple(_notes(dataset, finder, unlocated)),
    )


def drawn(cases: Sequence[Case], limit: int | None, seed: int) -> list[Case]:
    """At most ``limit`` cases, drawn at random with ``seed``, in their first order."""
    if limit is None or limit >= len(cases):
        return list(cases)
    chosen = sorted(random.Random(seed).sample(range(len(cases)), max(1, limit)))  # noqa: S311  # no secret
    return [cases[i] for i in chosen]


def describe(services: Services, dataset: Dataset, options: RunOptions) -> dict[str, Any]:
    """What a figure depends on, so that it can be had again. Holds no path of this machine."""
    settings = services.settings
    documents, passages = services.documents.counts(options.filters)
    questions = "\n".join(f"{case.id}\t{case.question}" for case in dataset.cases)
    return {
        "dataset": dataset.name,
        "cases_sha256": hashlib.sha256(questions.encode()).hexdigest()[:16],
        "limit": options.limit,
        "seed": options.seed,
        "parallel": options.parallel,
        "baselines": options.baselines,
        "collections": list(options.filters.collections),
        "documents": documents,
        "passages": passages,
        "embedding_model": services.embedder.get(wait=True).name,
        "precision": getattr(services.embedder.get(wait=True), "precision", "unknown"),
        "reranker_model": settings.reranker_model or None,
        "passage_tokens": settings.passage_tokens,
        "candidates": settings.candidates,
        "dense_weight": settings.dense_weight,
        "quote_sentences": settings.quote_sentences,
        "confidence_sha256": confidence_file.fingerprint(settings),
        "release": settings.release or _version(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
    }


class _Runner:
    def __init__(self, services: Services, finder: GoldFinder, options: RunOptions) -> None:
        self._services = services
        self._finder = finder
        self._options = options
        self._baselines = Baselines(services) if options.baselines else None

    async def ask_all(
        self,
        cases: Sequence[Case],
        known: dict[str, CaseRecord],
        stream: IO[str] | None,
        progress: Progress,
    ) -> dict[str, CaseRecord]:
        """Records of the cases that ``known`` lacks, written to ``stream`` as they come."""
        records: dict[str, CaseRecord] = {}
        waiting = iter([case for case in cases if case.id not in known])
        done = sum(case.id in known for case in cases)
        progress(done, len(cases))

        async def work() -> None:
            nonlocal done
            for case in waiting:
                records[case.id] = await self._ask(case)
                if stream is not None:
                    stream.write(to_line(records[case.id]) + "\n")
                    stream.flush()
                done += 1
                progress(done, len(cases))

        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, self._options.parallel)):
                group.create_task(work())
        return records

    async def _ask(self, case: Case) -> CaseRecord:
        try:
            answer = await self._services.asker.answer(
                Question(case.question, filters=self._options.filters)
            )
        except BadRequest as error:
            raise BadRequest(f"Case {case.id}: {error.detail}", error.action) from error
        return await asyncio.to_thread(self._record, case, answer)

    def _record(self, case: Case, answer: Answer) -> CaseRecord:
        places = [self._finder.places(gold, case.answers) for gold in case.gold]
        read = answer.retrieval.hits if answer.retrieval else ()
        found = self._services.search.search(case.question, DEPTH, self._options.filters)
        rankings: dict[Ranking, Sequence[Hit]] = {"fused": found.hits}
        best: list[str] = []
        if self._baselines is not None:
            rankings |= self._baselines.rank(case.question, DEPTH)
            best = self._baselines.best_sentences(case.question, read, 3)
        cited = self._services.documents.passages({c.passage_id for c in answer.citations})
        passages = {key: passage for key, (passage, _) in cited.items()}
        labels = {key: self._finder.label(document) for key, (_, document) in cited.items()}
        return CaseRecord(
            case=case,
            state=answer.state,
            level=answer.confidence.level,
            probability=answer.confidence.probability,
            text=answer.text,
            sentences=sum(
                start < citation.end and citation.start < end
                for citation in answer.citations
                if citation.passage_id in passages
                for start, end in passages[citation.passage_id].sentences
            ),
            cited=tuple(labels.get(c.passage_id, c.source) for c in answer.citations),
            closest=tuple(self._finder.label(hit.document) for hit in answer.closest),
            hits=self._ranked(read, places),
            rankings={name: self._ranked(hits, places) for name, hits in rankings.items()},
            best_sentences=tuple(best),
            located=tuple(bool(place) for place in places),
            violations=tuple(violations(answer, lambda key: self._finder.text(key).text, passages)),
            timings_ms=dict(answer.timings_ms),
            answer=answer_json(answer),
            signals=dict(answer.signals),
        )

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


def _resumed(
    path: Path | None, environment: dict[str, Any]
) -> tuple[dict[str, CaseRecord], IO[str] | None]:
    """Records that ``path`` holds, and the file opened to add more."""
    if path is None:
        return {}, None
    records: dict[str, CaseRecord] = {}
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    header = json.dumps({"run": environment}, sort_keys=True)
    if lines and lines[0] and lines[0] != header:
        raise BadRequest(
            f"{path} holds another run: other questions, documents or settings.",
            "Give another file, or delete it to start again.",
        )
    kept = [header]
    for line in lines[1:]:
        try:
            record = from_line(line)
        except ValueError:  # the line that a kill cut short
            continue
        records[record.case.id] = record
        kept.append(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return records, path.open("a", encoding="utf-8")


def _notes(dataset: Dataset, finder: GoldFinder, unlocated: int) -> list[str]:
    notes = list(dataset.notes)
    if finder.missing:
        shown = ", ".join(finder.missing[:3]) + ("…" if len(finder.missing) > 3 else "")
        notes.append(f"{len(finder.missing)} gold documents are not in the index: {shown}")
    if unlocated:
        notes.append(
            f"{unlocated} gold passages were not located in the extracted text "
            "(or only their document is known); passage figures leave them out."
        )
    return notes


def _version() -> str:
    try:
        return importlib.metadata.version("footnote")
    except importlib.metadata.PackageNotFoundError:
        return "0"
