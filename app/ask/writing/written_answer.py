"""The written answer, checked: what a chat model wrote, sentence by sentence against its sources.

Whatever keeps it from being shown is a `WritingFailed`; the quoted answer then takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.ask.checking.checker import SupportChecker
from app.ask.checking.verify import verify_written
from app.ask.writing.prices import joined_versions
from app.ask.writing.written import WrittenDraft
from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Conflict,
    Level,
    Retrieval,
    Sentence,
    Usage,
    Verdict,
)
from app.errors import WritingFailed

Unsupported = Literal["mark", "remove"]
_DOUBTFUL = 0.5
"""Share of sentences that are not supported from which the written answer is not shown at all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A written answer with its verdicts; ``notice``: what a reader should know about it."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    notice: str | None


def check(
    draft: WrittenDraft, retrieval: Retrieval, checker: SupportChecker, unsupported: Unsupported
) -> Checked:
    """The draft with every sentence verified; unsupported ones marked or removed.

    Raises:
        WritingFailed: more than half of it stands in no cited passage.
        SettingsError: the embedding model cannot be loaded.
    """
    sentences = verify_written(draft.sentences, draft.citations, retrieval, checker)
    wrong = [one for one in sentences if one.verdict is Verdict.UNSUPPORTED]
    if not sentences or len(wrong) > _DOUBTFUL * len(sentences):
        raise WritingFailed(
            f"Most of what {draft.model} wrote does not stand in the sources it named",
            problem="unsupported",
            usage=draft.usage,
        )
    notices = []
    if wrong and unsupported == "remove":
        sentences = [one for one in sentences if one.verdict is not Verdict.UNSUPPORTED]
        count = "One sentence" if len(wrong) == 1 else f"{len(wrong)} sentences"
        notices.append(f"{count} that stood in no source {_were(wrong)} left out.")
    if draft.finish == "length":
        notices.append("The answer was cut where it reached the longest that is set.")
    kept = renumbered(sentences, draft.citations)
    return Checked(*kept, " ".join(notices) or None)


def renumbered(
    sentences: Sequence[Sentence], citations: Sequence[Citation]
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """Only the citations that a sentence uses, numbered from 1 in the order of first use."""
    used = list(dict.fromkeys(number for one in sentences for number in one.citations))
    new = {old: place for place, old in enumerate(used, 1)}
    by_number = {citation.number: citation for citation in citations}
    return (
        tuple(
            replace(one, citations=tuple(new[number] for number in one.citations))
            for one in sentences
        ),
        tuple(replace(by_number[old], number=number) for old, number in new.items()),
    )


def with_sides(
    citations: Sequence[Citation], quoted: Sequence[Citation], conflicts: Sequence[Conflict]
) -> tuple[tuple[Citation, ...], tuple[Conflict, ...]]:
    """``citations`` and whatever of ``quoted`` the conflicts point at, which they are numbered by.

    A model may mention one side only; a reader sees both.
    """
    together = list(citations)
    by_number = {citation.number: citation for citation in quoted}
    numbers: dict[int, int] = {}
    for number in dict.fromkeys(side.citation for one in conflicts for side in one.sides):
        wanted = by_number[number]
        same = next((one for one in together if _same(one, wanted)), None)
        if same is None:
            same = replace(wanted, number=len(together) + 1)
            together.append(same)
        numbers[number] = same.number
    return tuple(together), tuple(
        replace(
            one,
            sides=tuple(replace(side, citation=numbers[side.citation]) for side in one.sides),
        )
        for one in conflicts
    )


def lowered(confidence: Confidence, sentences: Sequence[Sentence]) -> Confidence:
    """No high confidence in an answer with a sentence that its sources do not fully carry."""
    doubtful = sum(one.verdict is not Verdict.SUPPORTED for one in sentences)
    if not doubtful:
        return confidence
    what = "One sentence is" if doubtful == 1 else f"{doubtful} sentences are"
    reason = f"{what} not fully supported by the sources named."
    level = Level.MEDIUM if confidence.level is Level.HIGH else confidence.level
    measured = confidence.measured if level is confidence.level else ""
    return replace(
        confidence, level=level, measured=measured, reasons=(reason, *confidence.reasons)
    )


def instead(quoted: Answer, failed: WritingFailed, closest: int) -> Answer:
    """The quoted answer and why it is not a written one.

    A model that read the passages and found no answer in them is believed, unless the quotes are
    sure of theirs.
    """
    usage = total(quoted.usage, failed.usage)
    if failed.problem != "not_covered" or quoted.confidence.level is Level.HIGH:
        return replace(quoted, notice=failed.notice, usage=usage)
    hits = quoted.retrieval.hits if quoted.retrieval else ()
    return replace(
        quoted,
        state=AnswerState.NOT_FOUND,
        text="",
        sentences=(),
        citations=(),
        conflicts=(),
        stale=(),
        uncovered=(),
        closest=hits[:closest],
        notice=failed.detail,
        usage=usage,
    )


def total(one: Usage, other: Usage) -> Usage:
    """Of two calls; the price is unknown when either is."""
    known = one.cost_usd is not None and other.cost_usd is not None
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        (one.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        one.cached_tokens + other.cached_tokens,
        joined_versions(one.price_version, other.price_version),
    )


def _same(one: Citation, other: Citation) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end


def _were(sentences: Sequence[Sentence]) -> str:
    return "was" if len(sentences) == 1 else "were"
