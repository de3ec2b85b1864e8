"""What an answer's state has to show: both sides of a conflict, what is newer, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.ask.state.conflicts import YES_OR_NO
from app.domain import Answer, AnswerState, Citation, Conflict, Sentence, Stale
from app.knowledge.terms import content_words
from app.web.form_view import narrowing
from app.web.segments import Segments, cut, row_labels, squash
from app.web.templating import day, query
from app.web.via import via


@dataclass(frozen=True, slots=True)
class SideView:
    """One side of a disagreement: its quote with what it says marked."""

    citation: Citation
    says: str
    segments: Segments
    newer: bool
    """Its document changed later than every other side's."""


@dataclass(frozen=True, slots=True)
class ConflictView:
    """What documents disagree on, newest side first; ``about`` goes on "disagree on …"."""

    about: str
    sides: tuple[SideView, ...]


@dataclass(frozen=True, slots=True)
class StaleView:
    """Why a document is not the last word, and where to go on."""

    title: str
    document_id: str
    why: str
    newer_title: str
    newer_address: str
    """The newer document's page; empty when it is not among the documents."""
    ask_newer: str
    """A link that asks in the newer document only; empty likewise."""


@dataclass(frozen=True, slots=True)
class TryView:
    """Something to ask instead: a link that asks it, and why it may help."""

    question: str
    why: str
    address: str


@dataclass(frozen=True, slots=True)
class StateView:
    """All that the state adds to an answer; mostly empty."""

    conflicts: tuple[ConflictView, ...]
    """Those that a reader has to settle."""
    before: tuple[SideView, ...]
    """What documents said before a newer one replaced it."""
    stale: tuple[StaleView, ...]
    uncovered: tuple[TryView, ...]
    rephrasings: tuple[TryView, ...]
    known_words: str
    """For ``not_found``: the question's words that do stand in documents, to search for."""
    rest: tuple[Sentence, ...]
    """The answer's sentences that are not already shown as a side."""


def state_view(answer: Answer) -> StateView:
    """What the card of this answer shows besides its sentences."""
    by_number = {citation.number: citation for citation in answer.citations}
    open_conflicts = []
    before: list[SideView] = []
    for conflict in answer.conflicts:
        sides = _sides(conflict, by_number)
        if conflict.settled and answer.state is not AnswerState.CONFLICTING:
            before += sides[1:]
        elif len(sides) > 1:
            open_conflicts.append(ConflictView(_about(conflict), sides))
    shown = {side.citation.number for view in open_conflicts for side in view.sides}
    shown |= {side.citation.number for side in before}
    return StateView(
        conflicts=tuple(open_conflicts),
        before=tuple(before),
        stale=tuple(_stale(answer, stale) for stale in answer.stale),
        uncovered=tuple(
            TryView(part, "", "/ask" + query({"q": part, **narrowing(answer.filters)}))
            for part in answer.uncovered
        ),
        rephrasings=tuple(
            TryView(
                found.question,
                found.why,
                "/ask"
                + query(
                    {
                        "q": found.question,
                        "conversation_id": answer.conversation_id,
                        "rewrite": "0",
                        **narrowing(found.filters),
                        "via": via("rephrasing", answer),
                    }
                ),
            )
            for found in answer.rephrasings
        ),
        known_words=_known_words(answer) if answer.state is AnswerState.NOT_FOUND else "",
        rest=_rest(answer, shown),
    )


def _known_words(answer: Answer) -> str:
    missing = {term.casefold() for term in answer.missing_terms}
    return " ".join(w for w in content_words(answer.question) if w.casefold() not in missing)


def _rest(answer: Answer, shown: set[int]) -> tuple[Sentence, ...]:
    """A quote that stands in a side is not shown twice; written sentences are."""
    if answer.mode == "written":
        return answer.sentences
    return tuple(
        sentence
        for sentence in answer.sentences
        if not sentence.citations or not set(sentence.citations) <= shown
    )


def _about(conflict: Conflict) -> str:
    return conflict.about if conflict.about == YES_OR_NO else f"the {conflict.about}"


def _sides(conflict: Conflict, by_number: Mapping[int, Citation]) -> tuple[SideView, ...]:
    known = [side for side in conflict.sides if side.citation in by_number]
    citations = [by_number[side.citation] for side in known]
    newest = _newest(citations)
    return tuple(
        SideView(citation, side.says, _marked(citation.quote, side.says), citation is newest)
        for side, citation in zip(known, citations, strict=True)
    )


def _newest(citations: Sequence[Citation]) -> Citation | None:
    """The one that changed last; None where a date is missing or two are the same."""
    dates = [citation.updated_at for citation in citations]
    known = [date for date in dates if date is not None]
    if len(known) < len(dates) or len(known) < 2 or known.count(max(known)) > 1:
        return None
    return citations[dates.index(max(known))]


def _marked(quote: str, says: str) -> Segments:
    """The quote with what it says marked; nothing is marked where the words stand differently."""
    text = squash(quote)
    at = text.find(says) if says else -1
    marks = [(at, at + len(says))] if at >= 0 else []
    return cut(text, 0, len(text), marks, row_labels(text))


def _stale(answer: Answer, stale: Stale) -> StaleView:
    newer = stale.newer_document_id or ""
    if stale.reason == "superseded":
        why = "has been replaced"
    else:
        when = f" of {day(stale.review_by)}" if stale.review_by else ""
        why = f"is past its review date{when}"
    return StaleView(
        title=stale.title,
        document_id=stale.document_id,
        why=why,
        newer_title=stale.newer_title or "",
        newer_address=f"/documents/{newer}" if newer else "",
        ask_newer="/ask"
        + query(
            {
                "q": answer.question,
                "conversation_id": answer.conversation_id,
                "rewrite": "0",
                "document": [newer],
                "via": via("narrow", answer),
            }
        )
        if newer
        else "",
    )
