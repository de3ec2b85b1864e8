"""Two traces side by side: how they ended, where the time went, which passages each found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.records.tracing.records import TraceSummary
from app.web.confidence_view import signals
from app.web.pm.traces import trace_words as words
from app.web.pm.traces.passages_view import PassageRow
from app.web.pm.traces.trace_list import cost, feedback, tokens
from app.web.pm.traces.trace_view import Flow
from app.web.pm.traces.trace_words import step_words, took
from app.web.templating import moment

_NOTABLE = 0.005
"""Signals are shown with two digits."""
_NOTABLE_MS = 1.0
"""Steps that differ by less are as quick as each other: so much is the scheduler."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing of both; ``note`` says how the second differs, where that can be said."""

    words: str
    a: str
    b: str
    note: str = ""

    @property
    def differs(self) -> bool:
        """Whether they are not the same."""
        return self.a != self.b


@dataclass(frozen=True, slots=True)
class StepPair:
    """A step's time in both; ``share_a`` and ``share_b`` in percent of the longest of all."""

    words: str
    depth: int
    a: str
    b: str
    share_a: float
    share_b: float
    note: str


@dataclass(frozen=True, slots=True)
class FoundPair:
    """A passage and its rank in both; 0 where it was not found."""

    passage: PassageRow
    rank_a: int
    rank_b: int
    used_a: bool
    used_b: bool
    note: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that two workflows differ in."""

    a: Flow
    b: Flow
    same_question: bool
    facts: tuple[Pair, ...]
    signals: tuple[Pair, ...]
    steps: tuple[StepPair, ...]
    passages: tuple[FoundPair, ...]
    in_both: int


def comparison(a: Flow, b: Flow) -> Comparison:
    """``b`` compared with ``a``."""
    passages = tuple(_passages(a.passages, b.passages))
    return Comparison(
        a=a,
        b=b,
        same_question=_plain(a.title) == _plain(b.title),
        facts=tuple(_facts(a.summary, b.summary)),
        signals=tuple(_signals(a, b)),
        steps=tuple(_steps(a, b)),
        passages=passages,
        in_both=sum(1 for one in passages if one.rank_a and one.rank_b),
    )


def _facts(a: TraceSummary, b: TraceSummary) -> Iterator[Pair]:
    yield _pair("Question", a.question, b.question)
    yield _pair("Outcome", words.STATES.get(a.state, a.state), words.STATES.get(b.state, b.state))
    yield _pair("Confidence", words.LEVELS.get(a.level), words.LEVELS.get(b.level))
    yield Pair(
        "Duration",
        took(a.duration_ms),
        took(b.duration_ms),
        _change(a.duration_ms, b.duration_ms),
    )
    yield Pair(
        "First content",
        took(a.first_token_ms),
        took(b.first_token_ms),
        _change(a.first_token_ms, b.first_token_ms),
    )
    yield Pair("Tokens read + written", tokens(a), tokens(b))
    yield Pair("Cost", cost(a), cost(b), _change(a.cost_usd, b.cost_usd))
    yield _pair("Mode", words.MODES.get(a.mode, a.mode), words.MODES.get(b.mode, b.mode))
    yield _pair("Model", a.model, b.model)
    yield _pair(
        "Asked through",
        words.CHANNELS.get(a.channel, a.channel),
        words.CHANNELS.get(b.channel, b.channel),
    )
    yield _pair("Release", a.release, b.release)
    yield _pair("Experiment", a.experiment, b.experiment)
    yield _pair("Arm", a.arm, b.arm)
    yield _pair("Feedback", feedback(a), feedback(b))
    yield Pair("Asked", moment(a.started_at), moment(b.started_at))


def _signals(a: Flow, b: Flow) -> Iterator[Pair]:
    of_a, of_b = a.measured, b.measured
    for name in dict.fromkeys((*of_a, *of_b)):
        said = {key: signals({name: of[name]})[0] for key, of in _having(name, of_a, of_b)}
        change = of_b[name] - of_a[name] if len(said) == 2 else 0.0
        label = next(iter(said.values())).words
        note = f"{change:+.2f}".replace("-", "−") if abs(change) >= _NOTABLE else ""
        yield Pair(
            label,
            said["a"].value if "a" in said else "–",
            said["b"].value if "b" in said else "–",
            note,
        )


def _having(
    name: str, a: Mapping[str, float], b: Mapping[str, float]
) -> list[tuple[str, Mapping[str, float]]]:
    return [(key, of) for key, of in (("a", a), ("b", b)) if name in of]


def _steps(a: Flow, b: Flow) -> Iterator[StepPair]:
    """Steps by what they do and how deep; what happens twice in one counts together."""
    times_a, times_b = _times(a), _times(b)
    longest = max((*times_a.values(), *times_b.values()), default=0.0)
    for step in _merged(list(times_a), list(times_b)):
        depth, name = step
        one, other = times_a.get(step), times_b.get(step)
        yield StepPair(
            words=name,
            depth=depth,
            a=took(one),
            b=took(other),
            share_a=round(100 * (one or 0.0) / longest, 1) if longest else 0.0,
            share_b=round(100 * (other or 0.0) / longest, 1) if longest else 0.0,
            note=_change(one, other) if abs((one or 0) - (other or 0)) >= _NOTABLE_MS else "",
        )


def _times(flow: Flow) -> dict[tuple[int, str], float]:
    found: dict[tuple[int, str], float] = {}
    for row in flow.waterfall.rows:
        step = (row.depth, step_words(row.span.name))
        found[step] = found.get(step, 0.0) + row.duration_ms
    return found


def _merged(
    first: Sequence[tuple[int, str]], second: Sequence[tuple[int, str]]
) -> list[tuple[int, str]]:
    """Both in one order: what only the second has stands behind what comes before it there."""
    merged = list(first)
    place = 0
    for step in second:
        if step in merged:
            place = merged.index(step) + 1
        else:
            merged.insert(place, step)
            place += 1
    return merged


def _passages(a: Sequence[PassageRow], b: Sequence[PassageRow]) -> Iterator[FoundPair]:
    of_a = {one.id: one for one in a if one.rank}
    of_b = {one.id: one for one in b if one.rank}
    for passage_id in dict.fromkeys((*of_a, *of_b)):
        one, other = of_a.get(passage_id), of_b.get(passage_id)
        yield FoundPair(
            passage=one or of_b[passage_id],
            rank_a=one.rank if one else 0,
            rank_b=other.rank if other else 0,
            used_a=bool(one and one.used),
            used_b=bool(other and other.used),
            note=_move(one, other),
        )


def _move(one: PassageRow | None, other: PassageRow | None) -> str:
    if one is None:
        return "only in the second"
    if other is None:
        return "only in the first"
    by = one.rank - other.rank
    return "same rank" if by == 0 else f"up {by}" if by > 0 else f"down {-by}"


def _pair(words_: str, a: str | None, b: str | None) -> Pair:
    return Pair(words_, a or "–", b or "–")


def _change(a: float | None, b: float | None) -> str:
    """How much more or less the second took, relatively; empty where it can't be said."""
    if not a or b is None or a == b:
        return ""
    factor = b / a
    if factor >= 2:
        return f"{factor:.1f} times as much"
    percent = f"{100 * abs(factor - 1):.0f}"
    return "" if percent == "0" else f"{'+' if factor > 1 else '−'}{percent} %"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?.! ")
