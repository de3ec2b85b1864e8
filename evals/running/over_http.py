"""Asks a running server over its API, and keeps as much of what it did as the contract tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from app.domain import AnswerState, Citation, Level, Sentence
from evals.datasets import Case, Dataset
from evals.running.environment import described, searched
from evals.running.gold import GoldFinder, covers
from evals.running.invariants import violations
from evals.running.options import DEPTH, Progress, RunOptions, chosen, notes
from evals.running.records import CaseRecord, CitedPlace, RankedPassage, RunResult
from evals.running.runner import ask_all, said
from evals.running.server import Server, ServerDocuments, ServerProblem
from evals.scoring import documents as whole_documents

UNKNOWN = (
    "Asked over HTTP: which passages were read, the rankings by one score alone, the nearest "
    "sentence, the signals and the traces are not told there, and the settings are the server's "
    "own. The server has recorded the questions, as those of somebody who is not followed."
)
"""What a reader should know of such a run."""


def run_over_http(
    url: str,
    dataset: Dataset,
    options: RunOptions,
    progress: Progress = lambda _done, _all: None,
) -> RunResult:
    """Ask every case of the server at ``url``, whose documents must be those of the dataset.

    Raises:
        ServerProblem: it is away, not ready, or is no Footnote server.
        NotFound: none of the dataset's documents is in its index.
        BadRequest: as `evals.running.runner.run`.
    """
    cases = chosen(dataset, options)
    server = Server(url)
    try:
        server.wait_until_ready()
        documents = ServerDocuments(server, options.filters.collections)
        finder = GoldFinder(documents, cases)
        everything = documents.everything()
        environment = described(dataset.name, cases, options) | {
            "driven": "over HTTP",
            "documents": len(everything),
            "passages": sum(document.passages for document in everything),
            "searched": searched({document.collection for document in everything}, options),
            "documents_seen_sha256": finder.fingerprint,
        }
        started = time.perf_counter()
        driver = OverHttp(server, documents, finder, options)
        records = ask_all(driver, cases, options, environment, progress)
        return RunResult(
            dataset=dataset.name,
            records=records,
            seconds=time.perf_counter() - started,
            environment=environment,
            notes=(UNKNOWN, *notes(dataset), *said(finder, records)),
        )
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class _Told:
    mode: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


class OverHttp:
    """The Asker behind ``POST /api/v1/ask``, and plain search for the ranking."""

    def __init__(
        self,
        server: Server,
        documents: ServerDocuments,
        finder: GoldFinder,
        options: RunOptions,
    ) -> None:
        self._server = server
        self._finder = finder
        self._collections = list(options.filters.collections)
        self._labels = {one.id: finder.label(one) for one in documents.everything()}

    async def ask(self, case: Case) -> CaseRecord:
        """What the server does with a case. Raises ServerProblem."""
        return await asyncio.to_thread(self._ask, case)

    def _ask(self, case: Case) -> CaseRecord:
        conversation = f"con_{token_hex(8)}" if case.after else None
        session = f"eval-{token_hex(8)}" if case.after else ""
        shared = {"collections": self._collections, "conversation_id": conversation}
        for question in case.after:
            self._server.ask(shared | {"question": question}, session)
        # With suggestions: a judge sees what a reader does.
        body = shared | {"question": case.question, "followups": True}
        answer = self._server.ask(body, session)
        try:
            depth = whole_documents.depth(case, DEPTH)
            found = self._server.search(str(answer["question"]), depth, self._collections)
            return self._record(case, answer, found)
        except (KeyError, TypeError, ValueError) as error:
            raise ServerProblem(
                f"An answer of {self._server.url} doesn't fit the contract: {error!r}.",
                "Is it a Footnote server of this release?",
            ) from error

    def _record(
        self, case: Case, answer: dict[str, Any], found: Sequence[Mapping[str, Any]]
    ) -> CaseRecord:
        places = [self._finder.places(gold, case.answers) for gold in case.gold]
        citations = tuple(_citation(one) for one in answer["citations"])
        sentences = tuple(_sentence(one) for one in answer["sentences"])
        names = [self._label(c.document_id, c.source) for c in citations]
        return CaseRecord(
            case=case,
            state=AnswerState(answer["state"]),
            level=Level(answer["confidence"]["level"]),
            probability=float(answer["confidence"]["probability"]),
            text=answer["text"],
            sentences=len(sentences),
            cited=tuple(names),
            closest=tuple(
                self._label(one["document_id"], one["source"]) for one in answer["closest"]
            ),
            hits=(),
            rankings={
                "fused": tuple(
                    RankedPassage(
                        document=self._label(one["document_id"], one["source"]),
                        passage_id="",
                        start=one["start"],
                        end=one["end"],
                        score=one["score"],
                        dense=0.0,
                        lexical=0.0,
                        gold=covers(one["document_id"], (one["start"], one["end"]), places),
                    )
                    for one in found
                )
            },
            best_sentences=(),
            located=tuple(bool(place) for place in places),
            violations=tuple(
                violations(_Told(str(answer["mode"]), sentences, citations), self._text, None)
            ),
            timings_ms={name: ms for name, ms in answer["timings_ms"].items() if ms is not None},
            answer=_plain(answer),
            cited_places=tuple(
                CitedPlace(name, c.start, c.end, covers(c.document_id, (c.start, c.end), places))
                for name, c in zip(names, citations, strict=True)
            ),
            contexts=tuple(one["text"] for one in found),
            cited_contexts=tuple(dict.fromkeys(c.quote for c in citations)),
        )

    def _text(self, document_id: str) -> str:
        return self._finder.text(document_id).text

    def _label(self, document_id: str, source: str) -> str:
        return self._labels.get(document_id) or source.rpartition("/")[2]


def _citation(data: Mapping[str, Any]) -> Citation:
    return Citation(
        number=int(data["number"]),
        document_id=data["document_id"],
        passage_id="",
        title=data["title"],
        source=data["source"],
        collection=data["collection"],
        kind="",
        heading=(data["heading"],),
        page=data["page"],
        page_kind="",
        quote=data["quote"],
        start=int(data["start"]),
        end=int(data["end"]),
        updated_at=None,
    )


def _sentence(data: Mapping[str, Any]) -> Sentence:
    return Sentence(data["text"], tuple(data["citations"]))


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without the passages around it, and without paths of the server's machine."""
    kept = {key: value for key, value in answer.items() if key != "closest"}
    kept["citations"] = [
        {key: value for key, value in one.items() if key != "source"} for one in answer["citations"]
    ]
    return kept
