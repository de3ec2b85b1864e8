"""How a run is made, and which cases that leaves."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.domain import Filters
from app.errors import BadRequest
from evals.datasets import Case, Dataset

DEPTH = 10
"""Passages kept of each ranking: recall@k and nDCG@k reach to here."""
Progress = Callable[[int, int], None]
"""Is told cases done and cases in all."""
SplitChoice = Literal["all", "dev", "holdout"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run.

    ``limit``: so many cases, drawn with ``seed``; None for all. ``parallel``: questions at once
    (above 1, latencies say less). ``baselines``: also rank by cosine and by BM25 alone, and find
    the nearest sentence. ``resume``: a JSONL file that is written as the run goes; cases that it
    already holds are not asked again, but for those that failed. ``filters``: as a person could set
    them. ``split``: only the cases that may be looked at and fitted on, or only the others.
    ``living``: the library is one that people use, not an index of the eval's own.
    """

    limit: int | None = None
    seed: int = 0
    parallel: int = 1
    baselines: bool = True
    resume: Path | None = None
    filters: Filters = field(default_factory=Filters)
    split: SplitChoice = "all"
    living: bool = False


def chosen(dataset: Dataset, options: RunOptions) -> list[Case]:
    """The cases to ask: those that count, of the split, at most ``limit``.

    Raises:
        BadRequest: that leaves none.
    """
    counting = [case for case in dataset.cases if case.counts]
    if options.split != "all":
        counting = [case for case in counting if case.split == options.split]
    if not counting:
        split = "" if options.split == "all" else f" in the split “{options.split}”"
        raise BadRequest(
            f"“{dataset.name}” has no questions{split} that count.",
            "Give other questions; those made by a program count once somebody reviewed them.",
        )
    return drawn(counting, options.limit, options.seed)


def drawn(cases: Sequence[Case], limit: int | None, seed: int) -> list[Case]:
    """At most ``limit`` cases, drawn at random with ``seed``, in their first order."""
    if limit is None or limit >= len(cases):
        return list(cases)
    places = sorted(random.Random(seed).sample(range(len(cases)), max(1, limit)))  # noqa: S311  # no secret
    return [cases[i] for i in places]


def notes(dataset: Dataset) -> list[str]:
    """What a reader should know of the dataset before any figure."""
    left_out = sum(not case.counts for case in dataset.cases)
    said = list(dataset.notes)
    if left_out:
        said.append(f"{left_out} questions made by a program and not reviewed are left out.")
    return said
