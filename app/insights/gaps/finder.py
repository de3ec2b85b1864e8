"""Finds gaps and unexpected uses beside the requests: a page shows what was found last, at once.

One thread works at a time. What it finds is kept for each period with the revision of the questions
it was found in; when there are newer ones it is found again, while the page shows the older with
its time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from app import moment
from app.access import ANYBODY, EVERYTHING, reach, working_for
from app.insights.gaps.clustering import Vectors, unpack
from app.insights.gaps.distances import Distances, Far
from app.insights.gaps.gap import Gap, find_gaps
from app.insights.gaps.intended import IntendedUse
from app.insights.gaps.suggestions import Suggestion, suggest
from app.insights.periods import Period
from app.records.product.failure_reads import FailureReads, Near
from app.records.product.gap_store import GapStore, KnownGap

logger = logging.getLogger(__name__)

MOST = 20_000
"""Failures of a period that are looked at, the newest; about 60 MB while they are."""
MOST_UNEXPECTED = 5_000
"""Unexpected questions that are clustered, the newest."""
KEPT = 8
"""Periods whose findings are kept."""
ADVISED = 200
"""Gaps that get suggestions in the list; the others on their own page."""
LOOKED_AT = 6
"""Answers of a gap whose closest documents and missing words are looked at."""
REST = 10.0
"""After working for a second it rests so many, so that live traffic does not keep a core busy."""


@dataclass(frozen=True, slots=True)
class UnexpectedUse:
    """A cluster of questions far from every intended use, and the use that is nearest."""

    gap: Gap
    nearest: IntendedUse


@dataclass(frozen=True, slots=True)
class GapReport:
    """What was found in a period.

    ``failures``: how many there are; ``alone``: those that no other is like. ``quiet``: clusters
    that were decided on and have no failure in this period. ``unexpected_share`` is None where it
    is not known: no question, no file of intended uses, or the model still loading (``waiting``).
    """

    period: Period
    found_at: datetime
    revision: tuple[int, int]
    gaps: tuple[Gap, ...]
    suggestions: dict[str, tuple[Suggestion, ...]]
    documents: dict[str, tuple[Near, ...]]
    failures: int
    alone: int
    quiet: tuple[KnownGap, ...]
    uses: tuple[IntendedUse, ...]
    unexpected: tuple[UnexpectedUse, ...]
    unexpected_count: int
    judged: int
    waiting: bool
    cut: bool

    @property
    def unexpected_share(self) -> float | None:
        """Questions far from every intended use ÷ questions with a vector."""
        return self.unexpected_count / self.judged if self.judged else None

    def within_reach(self) -> GapReport:
        """What was found, naming only documents that the reader may see."""
        if not reach().limited:
            return self
        return replace(
            self,
            suggestions={
                key: tuple(replace(one, near=one.near and one.near.within_reach()) for one in found)
                for key, found in self.suggestions.items()
            },
            documents={
                key: tuple(dict.fromkeys(near.within_reach() for near in found))
                for key, found in self.documents.items()
            },
        )

    def gap(self, gap_id: str) -> Gap | None:
        """The gap with this id, where it has failures in this period."""
        return next((gap for gap in self.gaps if gap.id == gap_id), None)


class GapFinder:
    """`report` for pages and metrics. ``encode``: text → vector, raising NotReady while loading."""

    def __init__(
        self,
        reads: FailureReads,
        store: GapStore,
        encode: Callable[[str], Vectors],
        prd_dir: Path,
    ) -> None:
        self.reads = reads
        self.store = store
        self._distances = Distances(reads, encode, prd_dir)
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[datetime, datetime], GapReport] = OrderedDict()
        self._running: dict[tuple[datetime, datetime], threading.Event] = {}
        self._rest_until = 0.0
        self._working = threading.Lock()
        self._closed = False

    def report(self, period: Period, wait: float = 1.0) -> GapReport | None:
        """What is known of ``period``; None while the first look at it takes longer.

        ``wait``: seconds at most to wait for what is newer; 0 never waits.
        """
        # A period that ends now has another end with every request: to the minute it is the same.
        key = (period.start, period.end.replace(second=0, microsecond=0))
        revision = self.reads.revision()
        with self._lock:
            known = self._found.get(key)
            if known is not None:
                self._found.move_to_end(key)
                if known.revision == revision and not known.waiting:
                    return known.within_reach()
            done = self._running.get(key)
            resting = known is not None and time.monotonic() < self._rest_until
            if done is None and not resting and not self._closed:
                done = self._running[key] = threading.Event()
                now = moment.now()
                # A daemon: an exit doesn't wait for a clustering. It works for all readers, and
                # sees everything; what one of them may not see is taken out on the way to them.
                threading.Thread(
                    target=self._work, args=(key, period, now, done), name="gaps", daemon=True
                ).start()
        if done is not None and wait > 0:
            done.wait(wait)
        with self._lock:
            found = self._found.get(key)
        return found and found.within_reach()

    def forget(self) -> None:
        """A decision was made: what is kept says something else about it."""
        with self._lock:
            self._found = OrderedDict(
                (key, replace(report, revision=(-1, -1))) for key, report in self._found.items()
            )
            self._rest_until = 0.0

    def close(self) -> None:
        """Start nothing more, and let what runs come to its end within a moment."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        for done in running:
            done.wait(2)

    def advice(self, gap: Gap, period: Period) -> tuple[Suggestion, ...]:
        """What to do about one gap, read anew."""
        reworded = [
            one
            for one in self.reads.reworded(period.start, period.end, MOST)
            if one.failed_id in set(gap.answer_ids)
        ]
        evidence = self.reads.evidence(gap.answer_ids[:LOOKED_AT])
        return suggest(
            gap.terms, list(evidence.values()), reworded, rejected=gap.rejected * 2 > gap.size
        )

    # --- in its own thread ------------------------------------------------------------------------

    def _work(
        self,
        key: tuple[datetime, datetime],
        period: Period,
        now: datetime,
        done: threading.Event,
    ) -> None:
        try:
            with self._working, moment.at(now), working_for(ANYBODY, EVERYTHING):
                started = time.monotonic()
                found = self._find(period, now)
                took = time.monotonic() - started
            with self._lock:
                self._found[key] = found
                self._found.move_to_end(key)
                while len(self._found) > KEPT:
                    self._found.popitem(last=False)
                # What took a moment may be looked at again at once.
                self._rest_until = time.monotonic() + (REST * took if took > 0.5 else 0.0)
        except Exception:
            if not self._closed:
                logger.exception("looking for gaps failed; the next visit tries again")
        finally:
            with self._lock:
                self._running.pop(key, None)
            done.set()

    def _find(self, period: Period, now: datetime) -> GapReport:
        revision = self.reads.revision()
        failures = self.reads.failures(period.start, period.end, MOST)
        before = period.previous()
        previous = self.reads.failures(before.start, before.end, MOST)
        known = self.store.known()
        gaps = find_gaps(failures, period, known=known, previous=previous)
        self.store.remember(_changed(gaps, known))
        here = {gap.id for gap in gaps}
        suggestions, documents = self._advised(gaps[:ADVISED], period)
        far = self._distances.far(period)
        return GapReport(
            period=period,
            found_at=now,
            revision=revision,
            gaps=gaps,
            suggestions=suggestions,
            documents=documents,
            failures=len(failures),
            alone=len(failures) - sum(gap.size for gap in gaps),
            quiet=tuple(one for one in known if one.decided and one.id not in here),
            uses=far.uses,
            unexpected=self._unexpected(far, period),
            unexpected_count=len(far.answer_ids),
            judged=far.judged,
            waiting=far.waiting,
            cut=len(failures) == MOST,
        )

    def _advised(
        self, gaps: Sequence[Gap], period: Period
    ) -> tuple[dict[str, tuple[Suggestion, ...]], dict[str, tuple[Near, ...]]]:
        reworded = self.reads.reworded(period.start, period.end, MOST)
        looked_at = [one for gap in gaps for one in gap.answer_ids[:LOOKED_AT]]
        evidence = self.reads.evidence(looked_at)
        found, documents = {}, {}
        for gap in gaps:
            own = set(gap.answer_ids)
            parts = [evidence[one] for one in gap.answer_ids[:LOOKED_AT] if one in evidence]
            words = [one for one in reworded if one.failed_id in own]
            found[gap.id] = suggest(gap.terms, parts, words, rejected=gap.rejected * 2 > gap.size)
            documents[gap.id] = tuple(
                {near.document_id: near for part in parts for near in part.near}.values()
            )
        return found, documents

    def _unexpected(self, far: Far, period: Period) -> tuple[UnexpectedUse, ...]:
        if far.table is None or not far.answer_ids:
            return ()
        asked = self.reads.with_vectors(far.answer_ids[:MOST_UNEXPECTED])
        clusters = find_gaps(asked, period)
        if not clusters:
            return ()
        centroids = np.array([unpack(gap.centroid) for gap in clusters], dtype=np.float32)
        _, nearest = far.table.nearest(centroids)
        uses = far.table.uses
        return tuple(
            UnexpectedUse(gap, uses[use]) for gap, use in zip(clusters, nearest, strict=True)
        )


def _changed(gaps: Sequence[Gap], known: Sequence[KnownGap]) -> list[KnownGap]:
    """What the store does not know yet, and what moved."""
    before = {one.id: one for one in known}
    return [
        KnownGap(gap.id, gap.label, gap.centroid)
        for gap in gaps
        if gap.id not in before
        or before[gap.id].label != gap.label
        or float(unpack(before[gap.id].centroid) @ unpack(gap.centroid)) < 0.999
    ]
