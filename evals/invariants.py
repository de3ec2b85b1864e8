"""What must hold for every citation of every answer: a violation is a bug, not a low score."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.domain import Answer, Passage


def violations(
    answer: Answer, text_of: Callable[[str], str], passages: Mapping[str, Passage]
) -> list[str]:
    """What is wrong with an answer's citations, in words; empty when nothing is.

    ``text_of``: document id → extracted text. ``passages``: those cited, by id, as stored.
    """
    found: list[str] = []
    numbers = [citation.number for citation in answer.citations]
    used = {number for sentence in answer.sentences for number in sentence.citations}
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"citations are numbered {numbers}, not 1 to {len(numbers)}")
    found += [f"citation {n} is used by no sentence" for n in numbers if n not in used]
    found += [f"citation {n} does not exist" for n in sorted(used - set(numbers))]
    found += [
        f"sentence {place} has no citation"
        for place, sentence in enumerate(answer.sentences, 1)
        if not sentence.citations
    ]
    for citation in answer.citations:
        name = f"citation {citation.number}"
        text = text_of(citation.document_id)
        if text[citation.start : citation.end] != citation.quote or not citation.quote:
            found.append(f"{name}: text[{citation.start}:{citation.end}] is not the quote")
        passage = passages.get(citation.passage_id)
        if passage is None:
            found.append(f"{name}: its passage is not stored")
        elif passage.document_id != citation.document_id:
            found.append(f"{name}: its passage belongs to another document")
        elif not passage.start <= citation.start <= citation.end <= passage.end:
            found.append(f"{name}: it reaches beyond its passage")
    return found
