"""A dataset's questions, each in every phrasing: what fairness figures are made of."""

from __future__ import annotations

import random
from dataclasses import replace

from evals.datasets import PHRASINGS, Case, Dataset
from evals.phrasing.rewriting import rewritten


def families(dataset: Dataset, limit: int | None = None, seed: int = 0) -> Dataset:
    """``dataset`` with each question in all of `PHRASINGS`, made by rule.

    ``limit``: so many of its questions, drawn with ``seed``; None for all. Cases that belong to a
    family already are left out: people wrote those.
    """
    plain = [case for case in dataset.cases if not case.family]
    if limit is not None and limit < len(plain):
        plain = random.Random(seed).sample(plain, limit)  # noqa: S311  # no secret
    cases = [_member(case, phrasing, seed) for case in plain for phrasing in PHRASINGS]
    note = f"{len(plain)} questions, each in {len(PHRASINGS)} phrasings made by rule."
    name = f"{dataset.name}-phrasings"
    return replace(dataset, name=name, cases=tuple(cases), notes=(*dataset.notes, note))


def _member(case: Case, phrasing: str, seed: int) -> Case:
    known = next(name for name in PHRASINGS if name == phrasing)
    return replace(
        case,
        id=f"{case.id}-{phrasing}",
        question=rewritten(case.question, known, seed),
        family=case.id,
        tags=(*(tag for tag in case.tags if tag not in PHRASINGS), phrasing),
    )
