"""What speaks for and against a written sentence, as named signals and as problems in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.ask.checking import alignment, edits, leading, names, polarity
from app.ask.checking.alignment import Alignment, Read
from app.ask.checking.claims import Claim
from app.ask.checking.facts import Fact, FactKind, agree, differ_in_unit

SIGNALS = (
    "meaning", "coverage", "focus", "window", "soft", "weakest", "value_missing", "unit_wrong",
    "name_missing", "far", "negation", "opposite", "only", "replaced", "rivalry", "seam",
)  # fmt: skip
"""
- meaning: cosine of the sentence and the nearest evidence sentence
- coverage, focus, window: share of its words, values counting double, that stand in the evidence
  at all; in the one sentence that has most; in that one and its neighbors
- soft: the same in the window, words near in meaning counting by their cosine
- weakest: the mean of the two words that are met worst
- value_missing, unit_wrong, name_missing: a value, its unit, or a name stands nowhere
- far: share of values and names that stand in the evidence, but not in the window
- negation, opposite, only: turned around, as `polarity` finds
- replaced: the evidence runs alike, with another value in its place
- rivalry: another value fits the surrounding words better
- seam: its beginning and its end are taken from sentences about different things
"""

EXACT = ("value_missing", "unit_wrong", "name_missing", "negation", "opposite", "only", "replaced")
"""Signals that are 0 or 1, each of which alone forbids to call a sentence supported."""


_NOWHERE = " stands in no cited passage."


@dataclass(frozen=True, slots=True)
class Measured:
    """The signals of one sentence, and what is wrong with it in words."""

    signals: Mapping[str, float]
    problems: tuple[str, ...]
    unmet: tuple[str, ...]
    """Words of the sentence that no evidence sentence meets, for a problem without a name."""


def measure(
    sentence: Read, evidence: Sequence[Read], everything: Sequence[Claim], context: Claim
) -> Measured:
    """Signals of ``sentence`` against the ``evidence`` sentences that were read closely.

    ``everything``: all sentences of the cited passages, for values and names, which may stand
    anywhere in them; ``context``: titles and headings.
    """
    claim = sentence.claim
    aligned = alignment.align(sentence, evidence, context)
    close = [e.claim for e in evidence]
    problems: list[str] = []
    signals = dict.fromkeys(SIGNALS, 0.0)

    values = _check_values(claim, [*everything, context], problems)
    signals["value_missing"], signals["unit_wrong"] = values
    unknown = names.missing(claim, names.known([*everything, context]), [*everything, context])
    problems += [f"“{name}”{_NOWHERE}" for name in unknown]
    signals["name_missing"] = float(bool(unknown))

    for turned in (
        *polarity.negations(claim, close, aligned.support),
        *polarity.opposites(claim, close, aligned.support),
        *leading.leading(claim, close, aligned.support),
        *edits.edits(claim, close[aligned.best]),
    ):
        signals[turned.kind] = 1.0
        problems.append(turned.what)
    signals["seam"] = alignment.seam(sentence, evidence, aligned)
    if signals["seam"] > 0.5:
        problems.append("It joins what the cited passages say of different things.")
    signals["rivalry"], said, there = alignment.rivalry(claim, close, context)
    if signals["rivalry"] > 0.3 and not any(f"“{said}”" in p for p in problems):
        problems.append(
            f"“{said}” is said of something else in the cited passage, “{there}” of this."
        )
    _measure_words(signals, sentence, evidence, aligned)
    met = aligned.met(aligned.window)
    unmet = tuple(
        claim.tokens[index].text
        for index, share in zip(claim.content, met, strict=True)
        if share < alignment.SAME_WORD
    )
    return Measured(signals, _without_repeats(problems), unmet)


def _without_repeats(problems: Sequence[str]) -> tuple[str, ...]:
    """Each once; "it says 36 where the passage says 40" makes "36 stands nowhere" superfluous."""
    return tuple(
        problem
        for problem in dict.fromkeys(problems)
        if not problem.endswith(_NOWHERE)
        or not any(p.startswith(f"It says {problem.removesuffix(_NOWHERE)} ") for p in problems)
    )


def _measure_words(
    signals: dict[str, float], sentence: Read, evidence: Sequence[Read], aligned: Alignment
) -> None:
    claim = sentence.claim
    every = range(len(evidence))
    exact = (aligned.matches >= 1.0).astype(np.float32)
    stands = np.where(aligned.context, 1.0, exact.max(axis=0, initial=0.0))
    window = aligned.met(aligned.window)
    signals["meaning"] = max(float(sentence.whole @ e.whole) for e in evidence)
    signals["coverage"] = aligned.share(stands.astype(np.float32))
    for name, rows in (("focus", (aligned.best,)), ("window", aligned.window)):
        held = np.where(aligned.context, 1.0, exact[list(rows)].max(axis=0, initial=0.0))
        signals[name] = aligned.share(held.astype(np.float32))
    signals["soft"] = aligned.share(window)
    lowest = np.sort(window)[:2]
    signals["weakest"] = float(lowest.mean()) if lowest.size else 0.0
    special = [
        column
        for column, index in enumerate(claim.content)
        if claim.tokens[index].fact is not None or claim.tokens[index].name
    ]
    all_met = aligned.met(list(every))
    elsewhere = [c for c in special if all_met[c] >= 1.0 and window[c] < 1.0]
    signals["far"] = len(elsewhere) / len(special) if special else 0.0


def _check_values(
    claim: Claim, evidence: Sequence[Claim], problems: list[str]
) -> tuple[float, float]:
    """(a value is missing, a unit is wrong), each 0 or 1."""
    theirs = [fact for e in evidence for fact in e.facts]
    missing = wrong_unit = 0.0
    for fact in claim.facts:
        if fact.loose or _supported(fact, theirs, evidence, claim):
            continue
        other = next((t for t in theirs if differ_in_unit(fact, t)), None)
        if other is not None:
            wrong_unit = 1.0
            problems.append(f"It says “{fact.text}” where the cited passage says “{other.text}”.")
        else:
            missing = 1.0
            problems.append(f"“{fact.text}”{_NOWHERE}")
    return missing, wrong_unit


def _supported(fact: Fact, theirs: Sequence[Fact], evidence: Sequence[Claim], claim: Claim) -> bool:
    matching = [other for other in theirs if agree(fact, other)]
    if fact.kind is FactKind.DATE and fact.year is not None and fact.month is not None:
        # The evidence may name the day in one place and the year in another, or in the title.
        if any(other.year == fact.year for other in matching):
            return True
        return bool(matching) and any(other.year == fact.year for other in theirs)
    if matching:
        return True
    return fact.kind is FactKind.NUMBER and _counts_a_list(fact, claim, evidence)


def _counts_a_list(fact: Fact, claim: Claim, evidence: Sequence[Claim]) -> bool:
    """“There are three classes”: true when a list in the evidence has three members."""
    if not fact.text.isalpha() or not 2 <= fact.amount <= 10:
        return False
    texts = [claim.text, *(e.text for e in evidence)]
    return any(
        len(re.split(r",\s*(?:and|or)?\s*|\s+(?:and|or)\s+", text[max(0, text.find(":")) :]))
        == fact.amount
        for text in texts
        if ":" in text or "," in text
    )
