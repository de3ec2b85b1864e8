"""Passages that answer one question with statements that cannot both be true.

The constants were set by hand so that the sample documents' planted contradictions are found and
600 questions of search-queries give no false alarm; reported on open-qa, where 836 give none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.ask.checking.claims import read
from app.ask.question_type import Wanted, wanted
from app.ask.sentences import Candidate
from app.ask.state.denial import contrary
from app.ask.state.sameness import one_series, sameness
from app.ask.state.statements import Statement
from app.ask.state.values import Value, ValueKind, comparable, differ, same, values

Nearness = Callable[[Candidate, Candidate], float]
"""Cosine of two sentences' vectors."""

_ANSWERS_WITHIN = 1.0
"""One side is quoted, or its score is at most this much below the best one's: what is contested has
to be the answer."""
_OTHER_WITHIN = 4.6
"""The other side may be worded quite differently from the question."""
_BEST_OF_ITS_DOCUMENT = 1.8
"""Each side is about as good as its document's best sentence with such a value."""
_MEANING_BELOW = 0.4
"""Cosine with the question, below the best sentence's, from which on nothing is read."""
_SHARE_OF_QUESTION = 0.65
_MEANING_NEAR = 0.15
"""Both sides meet the same words of the question, or both come as near to its meaning."""
_NEARLY_THE_SAME = 0.64
"""Cosine from which a sentence is read though it has few of the question's words: it may say the
answer in others."""
_SAME_THING = 0.3
_SAME_THING_UNASKED = 0.5
"""The same where the question's wording does not ask for this kind of value."""
_SAME_WITH_MEANING = 0.88
"""`sameness` plus cosine of the two sentences."""
_NEAR_AT_LEAST = 0.25
"""Cosine below which two sentences are of different matters, however alike their words."""
_MANY_VALUES = 3
"""A sentence that lists more values of a kind than these gives no single answer."""
_SAME_MEANING = 0.6
"""Cosine of two sentences from which one may deny the other."""
_WORDS_DENIED = 2
"""Words in common that a denial needs at least."""
_STOP = re.compile(r"(?<=[.!?;])\s+")

_WANTED_KINDS: Mapping[Wanted, frozenset[ValueKind]] = {
    Wanted.TIME: frozenset({ValueKind.DATE, ValueKind.CLOCK, ValueKind.PERIOD}),
    Wanted.DURATION: frozenset({ValueKind.PERIOD, ValueKind.COUNT, ValueKind.MEASURE}),
    Wanted.MONEY: frozenset({ValueKind.MONEY}),
    Wanted.PERCENT: frozenset({ValueKind.PERCENT}),
    Wanted.NUMBER: frozenset(
        {ValueKind.COUNT, ValueKind.MEASURE, ValueKind.PERIOD, ValueKind.MONEY, ValueKind.PERCENT}
    ),
    Wanted.NAME: frozenset(),
    Wanted.OTHER: frozenset(ValueKind),
}
_ASKS_VERSION = re.compile(r"\b(?:version|release|firmware|revision)s?\b", re.IGNORECASE)
YES_OR_NO = "yes or no"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two sentences that disagree, and what each says, as written."""

    about: str
    a: Candidate
    b: Candidate
    says_a: str
    says_b: str
    strength: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the question gives and wants."""

    weights: Mapping[str, float]
    given: tuple[Value, ...]
    kinds: frozenset[ValueKind]
    floor: float

    def open_values(self, statement: Statement) -> list[Value]:
        """Values that may be the answer: of a wanted kind, and not in the question itself."""
        return [
            value
            for value in statement.values
            if value.kind in self.kinds
            and not any(comparable(value, one) and same(value, one) for one in self.given)
        ]


class _Side:
    """A statement that may contradict another one, and what is asked of it again and again."""

    def __init__(self, candidate: Candidate, asked: _Asked) -> None:
        self.candidate = candidate
        self.statement = Statement(candidate)
        self.place = self.statement.place
        self.open = asked.open_values(self.statement)
        self.kinds = frozenset(value.kind for value in self.open)

    def may_contradict(self, other: _Side) -> bool:
        """Whether a look is worth its time: both have a value of one kind, or may deny."""
        return not self.kinds.isdisjoint(other.kinds) or _may_deny(self.statement, other.statement)


@dataclass(frozen=True)
class Evidence:
    """What was read for a question.

    ``candidates`` come best first; ``weights``: rarity of the question's stems; ``chosen``: passage
    and index of the sentences quoted.
    """

    question: str
    candidates: Sequence[Candidate]
    weights: Mapping[str, float]
    nearness: Nearness
    chosen: frozenset[tuple[str, int]] = frozenset()

    @cached_property
    def answers(self) -> list[Candidate]:
        """Sentences that are quoted, or answer about as well as the best one."""
        if not self.candidates:
            return []
        floor = self.candidates[0].score - _ANSWERS_WITHIN
        return [
            c
            for c in self.candidates
            if c.score >= floor or (c.hit.passage.id, c.index) in self.chosen
        ]


def _kinds(question: str, kind: Wanted) -> frozenset[ValueKind]:
    """What may be contested; a version only where one is asked for, elsewhere it names a thing."""
    kinds = _WANTED_KINDS[kind]
    return kinds if _ASKS_VERSION.search(question) else kinds - {ValueKind.VERSION}


def clashes(evidence: Evidence) -> list[Clash]:
    """Pairs of sentences that answer the question differently, the clearest first."""
    if not evidence.answers:
        return []
    kind = wanted(evidence.question)
    asked = _Asked(
        evidence.weights,
        values(evidence.question),
        _kinds(evidence.question, kind),
        _SAME_THING_UNASKED if kind is Wanted.OTHER else _SAME_THING,
    )
    best = evidence.candidates[0].score
    top = max(c.meaning for c in evidence.answers)
    others = [
        _Side(c, asked)
        for c in evidence.candidates
        if (c.score >= best - _OTHER_WITHIN and c.meaning >= top - _MEANING_BELOW)
        or any(evidence.nearness(one, c) >= _NEARLY_THE_SAME for one in evidence.answers)
    ]
    found: list[Clash] = []
    seen: set[tuple[str, int]] = set()
    for candidate in evidence.answers:
        a = _Side(candidate, asked)
        seen.add(a.place)
        for b in others:
            if b.place in seen or not a.may_contradict(b):
                continue
            if _answers_alike(a.statement, b.statement, evidence):
                found += _between(a, b, asked, others, evidence.nearness)
    found.sort(key=lambda clash: -clash.strength)
    return found


def _between(
    one: _Side, other: _Side, asked: _Asked, sides: Sequence[_Side], nearness: Nearness
) -> Iterator[Clash]:
    best: Clash | None = None
    a, b = one.statement, other.statement
    for v, w in _differing(one, other):
        score = sameness(a, b, v, w, asked.weights.keys())
        if score < asked.floor or not all(_is_best(side, v.kind, sides) for side in (one, other)):
            continue
        near = nearness(a.candidate, b.candidate)
        score += near
        if (
            near >= _NEAR_AT_LEAST
            and score >= _SAME_WITH_MEANING
            and (best is None or score > best.strength)
        ):
            best = Clash(v.kind.value, a.candidate, b.candidate, v.text, w.text, score)
    if best is not None:
        yield best
    elif (said := _denial(a, b)) and nearness(a.candidate, b.candidate) >= _SAME_MEANING:
        yield Clash(YES_OR_NO, a.candidate, b.candidate, *said, _SAME_WITH_MEANING)


def _differing(a: _Side, b: _Side) -> Iterator[tuple[Value, Value]]:
    """Values of the two that cannot both be true; none where they agree on one of that kind."""
    if any(not side.statement.is_row and len(side.open) > _MANY_VALUES for side in (a, b)):
        return
    for v in a.open:
        for w in b.open:
            if v.kind is w.kind and differ(v, w) and not _agree(a.open, b.open, v.kind):
                yield v, w


def _agree(a: Sequence[Value], b: Sequence[Value], kind: ValueKind) -> bool:
    """Whether both give one value of this kind; "a 10-minute interval" only describes."""
    told = [value for value in a if value.kind is kind and "-" not in value.text]
    return any(comparable(v, w) and same(v, w) for v in told for w in b)


def _is_best(side: _Side, kind: ValueKind, sides: Sequence[_Side]) -> bool:
    """Whether it is about the best of its document that has such a value."""
    document_id = side.statement.document_id
    best = max(
        (
            one.candidate.score
            for one in sides
            if kind in one.kinds and one.statement.document_id == document_id
        ),
        default=side.candidate.score,
    )
    return side.candidate.score >= best - _BEST_OF_ITS_DOCUMENT


def _answers_alike(a: Statement, b: Statement, evidence: Evidence) -> bool:
    """Whether both meet the same words of the question, or are as near to it or to each other."""
    if b.candidate.meaning >= a.candidate.meaning - _MEANING_NEAR:
        return True
    if evidence.nearness(a.candidate, b.candidate) >= _NEARLY_THE_SAME:
        return True
    weights = evidence.weights
    met_a = {stem for stem in weights if stem in a.topic}
    met_b = {stem for stem in weights if stem in b.topic}
    both = sum(weights[stem] for stem in met_a & met_b)
    most = max(sum(weights[stem] for stem in met) for met in (met_a, met_b))
    return most > 0 and both >= _SHARE_OF_QUESTION * most


def _may_deny(a: Statement, b: Statement) -> bool:
    """Whether the two are sentences of two documents with words in common."""
    if a.document_id == b.document_id or a.is_row or b.is_row:
        return False
    return len(a.own & b.own) >= _WORDS_DENIED


def _denial(a: Statement, b: Statement) -> tuple[str, str] | None:
    """Simple sentences of the two of which one denies the other; None when there are none."""
    if not _may_deny(a, b) or one_series(a.candidate.hit.document, b.candidate.hit.document):
        return None
    for one in _simple(a.text):
        for other in _simple(b.text):
            if contrary(read(one), read(other)):
                return one, other
    return None


def _simple(text: str) -> list[str]:
    """The sentences of a text that was kept together, without their full stops."""
    return [part.strip() for part in _STOP.split(text) if part.strip()]
