"""Figures over whole documents, graded: what BEIR and trec_eval report.

For cases whose gold is documents alone (no passage). Passages found are folded to documents, each
at the rank of its best passage, and then

    DCG@k = Σ grade(d at rank r) / log2(r + 1),  nDCG@k = DCG@k ÷ DCG@k of the best order

with the grade itself as the gain: trec_eval's `ndcg_cut` (m_ndcg_cut.c), which BEIR calls
(Järvelin & Kekäläinen 2002 with linear gains). trec_eval sorts by score and breaks ties by
document id; the product's order is the order that people see (it is not by score alone), so ranks
are taken as they are and there are no ties.

As BEIR does (`ignore_identical_ids`), a document with the question's own id is passed over: in
ArguAna and Quora the question is one of the documents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from evals.datasets import Case
from evals.datasets.written_out import file_name
from evals.running.records import CaseRecord, RankedPassage

PASSAGES = 50
"""Passages to rank where documents are asked for: ten documents hardly ever have more of them
among the best. The most that `app.settings.Settings.search_results` allows."""


def whole(case: Case) -> bool:
    """Whether documents are all that is known of where the answer stands."""
    return bool(case.gold) and not any(gold.passage for gold in case.gold)


def depth(case: Case, usual: int) -> int:
    """Passages to rank for a case."""
    return PASSAGES if whole(case) else usual


def folded(case: Case, ranking: Sequence[RankedPassage]) -> list[str]:
    """Documents in the order of their best passages."""
    grades = _grades(case)
    own = file_name(case.id)
    found = dict.fromkeys(passage.document for passage in ranking)
    # Documents that are nobody's gold are labeled with their folder.
    return [one for one in found if one in grades or one.rpartition("/")[2] != own]


def ndcg_at(record: CaseRecord, ranking: Sequence[RankedPassage], k: int) -> float | None:
    """Normalized DCG over documents, 0–1; None for a case with gold passages, or none at all."""
    if not whole(record.case):
        return None
    grades = _grades(record.case)
    found = [grades.get(document, 0) for document in folded(record.case, ranking)]
    return _dcg(found[:k]) / _dcg(sorted(grades.values(), reverse=True)[:k])


def recall_at(record: CaseRecord, ranking: Sequence[RankedPassage], k: int) -> float | None:
    """Share of the relevant documents among the first ``k``; None as `ndcg_at`."""
    if not whole(record.case):
        return None
    grades = _grades(record.case)
    return sum(document in grades for document in folded(record.case, ranking)[:k]) / len(grades)


def _grades(case: Case) -> dict[str, int]:
    return {gold.document: gold.grade for gold in case.gold}


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
