"""From quotes to the answer's state: do documents agree, are they in force, is a part missing?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from app.ask.quotes import Quote, select
from app.ask.sentences import Candidate, rank_sentences
from app.ask.state.conflicts import Clash, Evidence, Nearness, clashes
from app.ask.state.freshness import Successor, replaces, stale, wants_former
from app.ask.state.overtaking import is_overtaken, overtakings
from app.ask.state.parts import uncovered
from app.domain import AnswerState, Citation, Conflict, Document, Retrieval, Side, Span, Stale
from app.records.documents import StoredVectors

Vectors = Callable[[Collection[str]], Mapping[str, StoredVectors]]
"""Passage ids → their vectors, as `DocumentStore.vectors` gives them."""

LOOKED_THROUGH = 16
"""Hits looked through for contradictions, if as many were searched for. Of the sample's golden set
8, 16 and 24 find 9, 10 and 10 of 16 conflicts, and call 0, 2 and 5 of 150 other answers so."""
_PASSAGES_ALIKE = 0.3
"""Cosine of two passages below which their sentences are of different matters, however alike. The
sample's contradictions lie at 0.33 to 0.83, pairs like "the season has 12 episodes" of two series
in search-queries at 0.02 to 0.27."""
_UNKNOWN_NEARNESS = 0.4
"""What stands in for a sentence's cosine without vectors: low, so that only words can convince."""
_NEWER_WITHIN = 1.8
"""The newer document's best sentence is shown beside the old one's when it answers about as well;
as for a further quote."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Quotes that cannot all be right, with what each says as written; newest first."""

    about: str
    sides: tuple[tuple[Quote, str], ...]
    settled: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """The answer's state and the quotes that show it: both sides of a disagreement, newer first."""

    state: AnswerState
    quotes: tuple[Quote, ...]
    conflicts: tuple[Disagreement, ...] = ()
    stale: tuple[Stale, ...] = ()
    uncovered: tuple[str, ...] = ()


def examine(
    question: str,
    retrieval: Retrieval,
    candidates: Sequence[Candidate],
    quotes: Sequence[Quote],
    *,
    today: date,
    successor: Successor,
    vectors: Vectors | None = None,
    first: Sequence[Candidate] = (),
) -> Examination:
    """What state an answer of ``quotes`` is in; never ``not_found``, which was decided before.

    Args:
        question: what was asked.
        retrieval: what was found; its first 16 hits are looked through for contradictions, also
            those that ``candidates`` do not come from.
        candidates: the read sentences, best first.
        quotes: those chosen for the answer.
        today: the day against which review dates are held.
        successor: the document that replaces another one.
        vectors: of passages, to tell paraphrases from other matters. Without them only sentences
            in nearly the same words are found to contradict each other.
        first: the read sentences as `rank_sentences` gave them, which spares doing it again.
    """
    if not quotes or not candidates:
        return Examination(AnswerState.ANSWERED, tuple(quotes))
    everything = rank_sentences(question, retrieval, LOOKED_THROUGH, first)
    clash = _clash(
        Evidence(
            question,
            everything,
            retrieval.term_weights,
            _nearness(everything, vectors),
            frozenset((q.hit.passage.id, i) for q in quotes for i in range(q.first, q.last + 1)),
        ),
        successor,
    )
    former = any(_asks_for_old(question, quote.hit.document) for quote in quotes)
    conflict = _disagreement(clash, quotes, everything, successor, former) if clash else None
    replaced = conflict is not None and _is_replaced(conflict, successor)
    final = _final(quotes, candidates, conflict, successor, former)
    old = _stale(final, today, successor)
    parts = uncovered(question, retrieval, 1 + max(c.rank for c in candidates))
    if conflict and not replaced:
        state = AnswerState.CONFLICTING
    elif _is_outdated(final[:1] if conflict else final, old, former):
        state = AnswerState.OUTDATED
    elif parts:
        state = AnswerState.PARTIAL
    else:
        state = AnswerState.ANSWERED
    return Examination(state, final, (conflict,) if conflict else (), old, parts)


def conflicts_of(examination: Examination, citations: Sequence[Citation]) -> tuple[Conflict, ...]:
    """An examination's disagreements by the numbers of their citations.

    A side whose citation was dropped falls away, and with it a conflict of one side.
    """
    places = {(c.document_id, c.start, c.end): c.number for c in citations}
    found = []
    for one in examination.conflicts:
        sides = tuple(
            Side(places[key], says)
            for quote, says in one.sides
            if (key := (quote.hit.document.id, *quote.span)) in places
        )
        if len(sides) > 1:
            found.append(Conflict(one.about, sides, one.settled))
    return tuple(found)


# --- conflicts -------------------------------------------------------------------------------


def _clash(evidence: Evidence, successor: Successor) -> Clash | None:
    """The clearest disagreement. What is no longer in force contradicts only what replaced it."""
    for find in (clashes, overtakings):
        for clash in find(evidence):
            a, b = clash.a.hit.document, clash.b.hit.document
            if not (a.superseded_by or b.superseded_by):
                return clash
            if replaces(a, b, successor) or replaces(b, a, successor):
                return clash
    return None


def _nearness(candidates: Sequence[Candidate], vectors: Vectors | None) -> Nearness:
    """Cosine of two sentences; the vectors are fetched when the first pair is compared."""
    if vectors is None:
        return lambda _a, _b: _UNKNOWN_NEARNESS
    ids = {c.hit.passage.id for c in candidates}
    stored: dict[str, StoredVectors] = {}

    def cosine(a: Candidate, b: Candidate) -> float:
        if not stored:
            stored.update(vectors(ids))
        one, other = stored.get(a.hit.passage.id), stored.get(b.hit.passage.id)
        if one is None or other is None:
            return _UNKNOWN_NEARNESS
        if float(one.passage @ other.passage) < _PASSAGES_ALIKE:
            return 0.0
        if max(a.index - len(one.sentences), b.index - len(other.sentences)) >= 0:
            return _UNKNOWN_NEARNESS
        return float(one.sentences[a.index] @ other.sentences[b.index])

    return cosine


def _disagreement(
    clash: Clash,
    quotes: Sequence[Quote],
    candidates: Sequence[Candidate],
    successor: Successor,
    former: bool,
) -> Disagreement:
    sides = [(clash.a, clash.says_a), (clash.b, clash.says_b)]
    sides.sort(key=lambda side: _changed(side[0].hit.document), reverse=True)
    first, second = (side[0].hit.document for side in sides)
    if replaces(second, first, successor):
        sides.reverse()
    (newer, _), (older, said) = sides
    document = newer.hit.document
    settled = replaces(document, older.hit.document, successor) or is_overtaken(
        said, older, document, candidates
    )
    if former and settled:
        sides.reverse()  # the old was asked for
    return Disagreement(clash.about, tuple((_quote(c, quotes), says) for c, says in sides), settled)


def _is_replaced(conflict: Disagreement, successor: Successor) -> bool:
    """Whether it is only between two versions: then nobody has to decide anything."""
    first, second = (quote.hit.document for quote, _ in conflict.sides)
    return replaces(first, second, successor) or replaces(second, first, successor)


def _quote(candidate: Candidate, quotes: Sequence[Quote]) -> Quote:
    """The chosen quote that holds the sentence, or one of its own."""
    for quote in quotes:
        one_passage = quote.hit.passage.id == candidate.hit.passage.id
        if one_passage and quote.first <= candidate.index <= quote.last:
            return quote
    return select([candidate], 2)[0]


def _changed(document: Document) -> datetime:
    return document.modified_at or _LONG_AGO


# --- freshness -------------------------------------------------------------------------------


def _final(
    quotes: Sequence[Quote],
    candidates: Sequence[Candidate],
    conflict: Disagreement | None,
    successor: Successor,
    former: bool,
) -> tuple[Quote, ...]:
    """Both sides of a disagreement first; what was replaced after what replaced it, or left out."""
    shown = [quote for quote, _ in conflict.sides] if conflict else []
    rest = [quote for quote in quotes if quote not in shown]
    if not former and conflict is None:
        rest = _newer_first(rest, candidates, successor)
    elif conflict:
        rest = rest[: max(0, len(quotes) - len(shown))]
    return tuple(_without_repetition([*shown, *rest]))


def _newer_first(
    quotes: Sequence[Quote], candidates: Sequence[Candidate], successor: Successor
) -> list[Quote]:
    """Quotes of superseded documents give way to those of their successors."""
    best = candidates[0].score
    present = {quote.hit.document.id for quote in quotes}
    added: list[Quote] = []
    dropped: list[Quote] = []
    for quote in quotes:
        newer = successor(quote.hit.document) if quote.hit.document.superseded_by else None
        if newer is None:
            continue
        if newer.id in present:
            dropped.append(quote)
            continue
        close = (c for c in candidates if c.hit.document.id == newer.id)
        stands_in = next((c for c in close if c.score >= best - _NEWER_WITHIN), None)
        if stands_in is not None:
            added.append(_quote(stands_in, quotes))
            present.add(newer.id)
    return [*added, *(quote for quote in quotes if quote not in dropped)]


def _without_repetition(quotes: Sequence[Quote]) -> list[Quote]:
    """Quotes none of whose sentences was quoted before."""
    kept: list[Quote] = []
    used: set[tuple[str, int]] = set()
    for quote in quotes:
        places = {(quote.hit.passage.id, i) for i in range(quote.first, quote.last + 1)}
        if not places & used:
            kept.append(quote)
            used |= places
    return kept


def _stale(quotes: Sequence[Quote], today: date, successor: Successor) -> tuple[Stale, ...]:
    documents = {quote.hit.document.id: quote.hit.document for quote in quotes}
    found = (stale(document, today, successor) for document in documents.values())
    return tuple(one for one in found if one is not None)


def _asks_for_old(question: str, document: Document) -> bool:
    return bool(document.superseded_by) and wants_former(question, document)


def _is_outdated(quotes: Sequence[Quote], old: Sequence[Stale], former: bool) -> bool:
    """Whether the answer rests on a document that is not the last word.

    It rests on its best sentence; when the old was asked for, on any.
    """
    ids = {one.document_id for one in old}
    if former and ids:
        return True
    best: Span = max(quotes, key=lambda quote: quote.candidate.score).span
    return any(quote.hit.document.id in ids for quote in quotes if quote.span == best)
