"""One case's citations against the gold passages, and what of those was found and read.

A gold passage that is not located in a document's extracted text is nobody's fault here: it is left
out of each share but `gold_located`, which counts it.
"""

from __future__ import annotations

from evals.running.records import CaseRecord


def precision(record: CaseRecord) -> float | None:
    """Share of the citations that overlap a located gold passage; None without either."""
    wanted = _located(record)
    if not wanted or not record.cited_places:
        return None
    return sum(bool(wanted & set(place.gold)) for place in record.cited_places) / len(
        record.cited_places
    )


def document_precision(record: CaseRecord) -> float | None:
    """Share of the citations that are of a gold document; None without either."""
    if not record.case.answerable or not record.case.documents or not record.cited:
        return None
    return sum(name in record.case.documents for name in record.cited) / len(record.cited)


def recall(record: CaseRecord) -> float | None:
    """Share of the located gold passages that a citation overlaps; a refusal has none."""
    wanted = _located(record)
    if not wanted:
        return None
    cited = {gold for place in record.cited_places for gold in place.gold}
    return len(wanted & cited) / len(wanted)


def located(record: CaseRecord) -> float | None:
    """Share of the gold passages that were found in the extracted texts; None without any."""
    known = [
        found
        for gold, found in zip(record.case.gold, record.located, strict=False)
        if gold.passage.strip()
    ]
    return sum(known) / len(known) if record.case.answerable and known else None


def read_recall(record: CaseRecord) -> float | None:
    """Share of the located gold passages among the passages that the answerer read."""
    wanted = _located(record)
    if not wanted or (record.rankings and not record.hits and any(record.rankings.values())):
        return None  # over HTTP nobody says what was read
    read = {gold for passage in record.hits for gold in passage.gold}
    return len(wanted & read) / len(wanted)


def _located(record: CaseRecord) -> set[int]:
    if not record.case.answerable:
        return set()
    return {number for number, found in enumerate(record.located) if found}
