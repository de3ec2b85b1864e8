"""A value of a text, and when two of them say the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.ask.checking.numerals import IN_DIGITS, IN_WORDS, parse


class FactKind(StrEnum):
    """What a fact is; also the word for it in a sentence to a person."""

    NUMBER = "number"
    MONEY = "amount"
    PERCENT = "percentage"
    MEASURE = "measure"
    ORDINAL = "rank"
    DATE = "date"
    CLOCK = "time"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Fact:
    """One value, with where it stands.

    ``amount`` is in the base of its ``unit`` (seconds, months, meters; "" without one). A date has
    ``year``, ``month`` and ``day`` as far as they are written, a clock time minutes after midnight.
    ``loose``: may be an idiom ("one of", "both"), so it proves something but claims nothing.
    """

    kind: FactKind
    text: str
    start: int
    end: int
    amount: float = 0.0
    unit: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None
    code: str = ""
    loose: bool = False
    about: bool = False
    """Said to be approximate."""

    @property
    def key(self) -> str:
        """The same for equal facts."""
        if self.kind is FactKind.DATE:
            return f"#date:{self.year}-{self.month}-{self.day}"
        if self.kind is FactKind.CODE:
            return f"#code:{self.code}"
        family = "rank" if self.kind is FactKind.ORDINAL else self.unit
        return f"#{family}:{self.amount:.10g}"


def agree(claim: Fact, evidence: Fact) -> bool:
    """Whether ``evidence`` says what ``claim`` says; a less exact claim is no contradiction."""
    if FactKind.CODE in (claim.kind, evidence.kind):
        return claim.kind is evidence.kind and claim.code == evidence.code
    if FactKind.DATE in (claim.kind, evidence.kind):
        return _dates_agree(claim, evidence)
    if FactKind.ORDINAL in (claim.kind, evidence.kind) or FactKind.CLOCK in (
        claim.kind,
        evidence.kind,
    ):
        return claim.kind is evidence.kind and _same_time_or_rank(claim, evidence)
    if not evidence.unit and re.search(r"\dm$", claim.text) and claim.unit == "length":
        return evidence.amount == claim.amount * 1e6  # "3.2m tonnes"
    return _same_amount(claim, evidence) and (
        not claim.unit or not evidence.unit or claim.unit == evidence.unit
    )


def differ_in_unit(claim: Fact, evidence: Fact) -> bool:
    """The number is right as written, but it counts something else."""
    return (
        bool(claim.unit and evidence.unit)
        and (claim.unit != evidence.unit or claim.amount != evidence.amount)
        and bare(claim) == bare(evidence)
    )


def comparable(claim: Fact, evidence: Fact) -> bool:
    """Whether one could stand where the other stands: of one kind, and counting alike."""
    if claim.kind is not evidence.kind:
        return False
    return claim.unit == evidence.unit or not claim.unit or not evidence.unit


def bare(fact: Fact) -> float | None:
    """The number as written, without its unit and its magnitude."""
    match = re.search(rf"{IN_DIGITS}|{IN_WORDS}", fact.text, re.IGNORECASE)
    return parse(match.group()) if match else None


ROUNDING = 0.05
""""About 5 million" may be said of 4.8: within 5 %, the usual rounding to two digits."""


def _same_amount(claim: Fact, evidence: Fact) -> bool:
    a, b = claim.amount, evidence.amount
    if "%" in (claim.unit, evidence.unit) and claim.unit != evidence.unit:
        # "half" is 50 %.
        a, b = (a / 100 if claim.unit else a), (b / 100 if evidence.unit else b)
        if abs(a - b) < 1e-9 and 0 < min(a, b) < 1:
            return True
        a, b = claim.amount, evidence.amount
    if abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1.0):
        return True
    rounder = claim.about and _digits(a) < _digits(b)
    return rounder and abs(a - b) <= ROUNDING * max(abs(a), abs(b))


def _digits(value: float) -> int:
    """Significant digits: two in 4,800 and in 0.48."""
    return len(f"{value:.10f}".replace(".", "").strip("0"))


def _same_time_or_rank(claim: Fact, evidence: Fact) -> bool:
    if claim.amount == evidence.amount:
        return True
    vague = "12h" in (claim.unit, evidence.unit)
    return claim.kind is FactKind.CLOCK and vague and not (claim.amount - evidence.amount) % 720


def _dates_agree(claim: Fact, evidence: Fact) -> bool:
    if claim.kind is not evidence.kind:
        date, other = (claim, evidence) if claim.kind is FactKind.DATE else (evidence, claim)
        bare = date.month is None and date.day is None
        return bare and not other.unit and other.amount == date.year
    if claim.unit == "decade":
        return claim.year == evidence.year or (
            evidence.year is not None and evidence.year // 10 == (claim.year or 0) // 10
        )
    if evidence.unit == "decade":
        return False
    shared = [
        (a, b)
        for a, b in zip(
            (claim.year, claim.month, claim.day),
            (evidence.year, evidence.month, evidence.day),
            strict=True,
        )
        if a is not None and b is not None
    ]
    # A year that only the claim names has to stand elsewhere: whoever asks checks that.
    exact = claim.day is None or evidence.day is not None
    return bool(shared) and exact and all(a == b for a, b in shared)
