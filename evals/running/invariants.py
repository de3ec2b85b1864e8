"""What must hold for every citation of every answer: a violation is a bug, not a low score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from app.domain import Citation, Passage, Sentence
from evals.scoring.text import fold_with_offsets


class Told(Protocol):
    """What an answer says, and from where: an `Answer`, or what a server told of one."""

    @property
    def mode(self) -> str:
        """How it was made: "quotes" or "written"."""

    @property
    def sentences(self) -> Sequence[Sentence]:
        """Each with the numbers of its citations."""

    @property
    def citations(self) -> Sequence[Citation]:
        """In the order of their numbers."""


def violations(
    answer: Told, text_of: Callable[[str], str], passages: Mapping[str, Passage] | None
) -> list[str]:
    """What is wrong with an answer's citations, in words; empty when nothing is.

    ``text_of``: document id → extracted text. ``passages``: those cited, by id, as stored; None
    where nobody tells.
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
    found += _misquoted(answer)
    for citation in answer.citations:
        name = f"citation {citation.number}"
        text = text_of(citation.document_id)
        if text[citation.start : citation.end] != citation.quote or not citation.quote:
            found.append(f"{name}: text[{citation.start}:{citation.end}] is not the quote")
        if passages is None:
            continue
        passage = passages.get(citation.passage_id)
        if passage is None:
            found.append(f"{name}: its passage is not stored")
        elif passage.document_id != citation.document_id:
            found.append(f"{name}: its passage belongs to another document")
        elif not passage.start <= citation.start <= citation.end <= passage.end:
            found.append(f"{name}: it reaches beyond its passage")
    return found


def _misquoted(answer: Told) -> list[str]:
    """Sentences that are said to be quoted, and are not what their own citations quote.

    Letters and digits decide: a line break or the bar of a table may be shown as a space.
    """
    if answer.mode != "quotes":
        return []  # written sentences say it in their own words; the checker judges those
    quotes = {citation.number: citation.quote for citation in answer.citations}
    found = []
    for place, sentence in enumerate(answer.sentences, 1):
        own = " ".join(quotes.get(number, "") for number in sentence.citations)
        if fold_with_offsets(sentence.text)[0] not in fold_with_offsets(own)[0]:
            found.append(f"sentence {place} is not what its citation quotes")
    return found
