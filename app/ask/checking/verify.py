"""Checks an answer against the passages it cites, before anybody sees it as checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.ask.checking.checker import SupportChecker, Written
from app.domain import Citation, Retrieval, Sentence, Verdict


def verify_quotes(
    sentences: Sequence[Sentence], citations: Sequence[Citation], retrieval: Retrieval
) -> tuple[list[Sentence], list[Citation]]:
    """Only quotes that stand, letter for letter, where their citation says they stand.

    A citation that does not hold is dropped with its sentence, and the rest is numbered anew. That
    never happens unless there is a bug, and then it must not reach a reader.
    """
    passages = {hit.passage.id: hit.passage for hit in retrieval.hits}
    kept_sentences: list[Sentence] = []
    kept_citations: list[Citation] = []
    for sentence in sentences:
        own = [c for c in citations if c.number in sentence.citations]
        holds = bool(own) and all(
            (passage := passages.get(c.passage_id)) is not None
            and passage.start <= c.start < c.end <= passage.end
            and passage.text[c.start - passage.start : c.end - passage.start] == c.quote
            for c in own
        )
        if not holds or sentence.text not in {c.quote for c in own}:
            continue
        numbers = []
        for citation in own:
            number = len(kept_citations) + 1
            kept_citations.append(replace(citation, number=number))
            numbers.append(number)
        kept_sentences.append(
            replace(sentence, citations=tuple(numbers), verdict=Verdict.SUPPORTED)
        )
    return kept_sentences, kept_citations


def verify_written(
    sentences: Sequence[Sentence],
    citations: Sequence[Citation],
    retrieval: Retrieval,
    checker: SupportChecker,
) -> list[Sentence]:
    """Each written sentence with its verdict, its support and what is wrong with it.

    A sentence is compared with the passages that it cites and with nothing else: what is true but
    cited to the wrong passage is not supported. One that cites nothing is unsupported.

    Raises:
        SettingsError: the embedding model cannot be loaded.
    """
    hits = {hit.passage.id: hit for hit in retrieval.hits}
    cited = {citation.number: citation.passage_id for citation in citations}
    written = []
    for sentence in sentences:
        ids = dict.fromkeys(cited[number] for number in sentence.citations if number in cited)
        own = [hits[passage_id] for passage_id in ids if passage_id in hits]
        above = dict.fromkeys(name for h in own for name in (h.document.title, *h.passage.heading))
        written.append(Written(sentence.text, tuple(h.passage.text for h in own), tuple(above)))
    return [
        replace(
            sentence, verdict=found.verdict, support=round(found.score, 4), problems=found.problems
        )
        for sentence, found in zip(sentences, checker.check_all(written), strict=True)
    ]
