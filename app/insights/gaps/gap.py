"""Coverage gaps: clusters of questions that got no good answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from app.insights.gaps.clustering import APART, Group, Vectors, group, pack, unpack
from app.insights.gaps.labels import distinguishing, label, middle
from app.insights.periods import Period
from app.records.product.failure_reads import Failure
from app.records.product.gap_store import KnownGap

SAME_GAP = 0.7
"""Cosine of two centroids from which they are the same gap, seen at two times.

Clusters of a random 60 % of the questions against those of all of them, ten draws each on two
collections: at .7 a cluster was found again in 95 % and 91 % of the cases, and .1 % and .4 % of the
pairs that are not the same came as near; the nearest such pair goes to one of them only.
"""
HALF_LIFE = timedelta(days=14)
"""A question counts half as much for the order when it is so much older than the newest.

A judgment, not a measurement: two weeks is how often teams usually plan.
"""
BUCKETS = 12
"""Steps of a gap's trend over the period."""
EXAMPLES = 12
"""Questions kept to show for a gap, the newest of each wording."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A cluster of failures in a period.

    ``series``: failures in each of `BUCKETS` equal steps. ``previous``: failures of the period
    before that belong to it. ``since_fixed``: those asked after it was called fixed. ``score``:
    size × recency, which the list is sorted by. ``centroid``: float16 bytes, unit length.
    """

    id: str
    label: str
    question: str
    terms: tuple[str, ...]
    size: int
    threads: int
    not_found: int
    low: int
    rejected: int
    previous: int
    series: tuple[int, ...]
    first_at: datetime
    last_at: datetime
    examples: tuple[Failure, ...]
    answer_ids: tuple[str, ...]
    score: float
    centroid: bytes = field(repr=False)
    status: str = "new"
    note: str = ""
    failure_mode: str = ""
    since_fixed: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is looked at: ``[start, end)``, as far as it is over."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, period: Period) -> Window:
        """A period up to now."""
        end = min(period.end, period.until) if period.until else period.end
        return cls(period.start, max(end, period.start + timedelta(seconds=1)))

    def bucket(self, at: datetime) -> int:
        """Which of the `BUCKETS` steps a time is in."""
        share = (at - self.start) / (self.end - self.start)
        return min(BUCKETS - 1, max(0, int(share * BUCKETS)))


def find_gaps(
    failures: Sequence[Failure],
    period: Period,
    *,
    known: Sequence[KnownGap] = (),
    previous: Sequence[Failure] = (),
) -> tuple[Gap, ...]:
    """Clusters of at least two failures, the most pressing first.

    ``known``: clusters seen before; one that is seen again keeps its id and what was decided.
    Failures without a vector are grouped with those of the same words, or not at all; so are those
    whose vector is of another model's size than the newest one's.
    """
    window = Window.of(period)
    wordings = _wordings(failures)
    vectors = np.array([unpack(one[0].vector) for one in wordings], dtype=np.float32)
    groups = group(vectors) if len(wordings) else []
    groups += _repeated(wordings, vectors, groups)
    parts = [[wordings[row] for row in one.members] for one in groups]
    members = [[failure for wording in part for failure in wording] for part in parts]
    terms = distinguishing([[failure.text for failure in own] for own in members])
    kept = _matched(groups, known)
    earlier = _assigned(previous, groups)
    found = []
    for number, one in enumerate(groups):
        own = sorted(members[number], key=lambda failure: failure.asked_at, reverse=True)
        texts = [wording[0].text for wording in parts[number]]
        heading = texts[middle(texts, vectors[one.members])]
        found.append(
            _gap(own, window, one, heading, terms[number], kept.get(number), earlier[number])
        )
    return tuple(sorted(found, key=lambda gap: (-gap.score, gap.id)))


def _wordings(failures: Sequence[Failure]) -> list[list[Failure]]:
    """Failures by their words alone, newest wording first: most repeat each other exactly."""
    same: dict[str, list[Failure]] = {}
    size = next((len(failure.vector) for failure in failures if failure.vector), 0)
    for failure in failures:
        key = " ".join(failure.text.casefold().split()).rstrip("?!. ")
        same.setdefault(key, []).append(failure)
    with_vectors = []
    for own in same.values():
        first = next((one for one in own if one.vector and len(one.vector) == size), None)
        if first is not None:
            with_vectors.append([first, *(other for other in own if other is not first)])
    return with_vectors


def _repeated(
    wordings: Sequence[Sequence[Failure]], vectors: Vectors, groups: Sequence[Group]
) -> list[Group]:
    """Wordings near no other that were asked more than once: a group each."""
    taken = {int(row) for one in groups for row in one.members}
    return [
        Group(np.array([row], dtype=np.intp), vectors[row])
        for row, own in enumerate(wordings)
        if len(own) > 1 and row not in taken
    ]


def _matched(groups: Sequence[Group], known: Sequence[KnownGap]) -> dict[int, KnownGap]:
    """Group → the gap it was before; each side at most once, the nearest pairs first."""
    if not groups or not known:
        return {}
    now = np.array([one.centroid for one in groups])
    before = np.array([unpack(one.centroid) for one in known])
    if now.shape[1] != before.shape[1]:  # another embedding model: nothing is comparable
        return {}
    near = now @ before.T
    pairs = np.argwhere(near >= SAME_GAP)
    # A decision outweighs a little nearness: it must not go to a double nobody decided on.
    weight = {i: 0.1 if known[i].decided else 0.0 for i in range(len(known))}
    order = sorted(pairs, key=lambda pair: -(near[pair[0], pair[1]] + weight[int(pair[1])]))
    matched: dict[int, KnownGap] = {}
    used: set[int] = set()
    for row, column in order:
        if int(row) not in matched and int(column) not in used:
            matched[int(row)] = known[int(column)]
            used.add(int(column))
    return matched


def _assigned(failures: Sequence[Failure], groups: Sequence[Group]) -> list[int]:
    """How many of other failures belong to each group."""
    counts = [0] * len(groups)
    usable = [failure for failure in failures if failure.vector]
    if not groups or not usable:
        return counts
    means = np.array([one.mean for one in groups], dtype=np.float32)
    for at in range(0, len(usable), 2_000):
        part = np.array([unpack(failure.vector) for failure in usable[at : at + 2_000]])
        if part.shape[1] != means.shape[1]:
            continue
        near = part @ means.T
        best = near.argmax(axis=1)
        for row, to in enumerate(best):
            if 1 - near[row, to] <= APART:
                counts[int(to)] += 1
    return counts


def _gap(
    own: Sequence[Failure],
    window: Window,
    one: Group,
    heading: str,
    terms: tuple[str, ...],
    before: KnownGap | None,
    previous: int,
) -> Gap:
    series = [0] * BUCKETS
    for failure in own:
        series[window.bucket(failure.asked_at)] += 1
    fixed_at = before.updated_at if before is not None and before.status == "fixed" else None
    decided = before is not None and before.decided
    return Gap(
        id=before.id if before is not None else _new_id(one),
        # What was decided on keeps the name under which it was decided.
        label=before.label if before is not None and decided else label(heading),
        question=heading,
        terms=terms,
        size=len(own),
        threads=len({failure.thread_id or failure.answer_id for failure in own}),
        not_found=sum(failure.state == "not_found" for failure in own),
        low=sum(failure.level == "low" and failure.state != "not_found" for failure in own),
        rejected=sum(failure.rejected for failure in own),
        previous=previous,
        series=tuple(series),
        first_at=own[-1].asked_at,
        last_at=own[0].asked_at,
        examples=_examples(own),
        answer_ids=tuple(failure.answer_id for failure in own),
        score=sum(0.5 ** ((window.end - failure.asked_at) / HALF_LIFE) for failure in own),
        centroid=pack(_moved(one, before)),
        status=before.status if before is not None else "new",
        note=before.note if before is not None else "",
        failure_mode=before.failure_mode if before is not None else "",
        since_fixed=sum(failure.asked_at > fixed_at for failure in own) if fixed_at else 0,
    )


def _moved(one: Group, before: KnownGap | None) -> Vectors:
    """Half-way from where it was to where it is: it follows, and one odd week is no jump."""
    if before is None:
        return one.centroid
    middle_way = one.centroid + unpack(before.centroid)
    moved: Vectors = middle_way / np.float32(np.linalg.norm(middle_way) or 1.0)
    return moved


def _examples(own: Sequence[Failure]) -> tuple[Failure, ...]:
    shown: dict[str, Failure] = {}
    for failure in own:
        shown.setdefault(" ".join(failure.text.casefold().split()), failure)
    return tuple(shown.values())[:EXAMPLES]


def _new_id(one: Group) -> str:
    """Made from where it is, so that finding it twice at once gives one gap."""
    return f"gap_{hashlib.blake2b(pack(one.centroid), digest_size=8).hexdigest()}"
