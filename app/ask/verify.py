"""Checks an answer against the passages it cites, before anybody sees it as checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
