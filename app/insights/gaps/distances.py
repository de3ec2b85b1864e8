"""How far every question is from what the product is intended for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.errors import FootnoteError, NotReady
from app.insights.gaps.clustering import Vectors, unpack
from app.insights.gaps.intended import FAR, IntendedUse, Uses, embedded, load_uses
from app.insights.periods import Period
from app.records.product.failure_reads import FailureReads

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Far:
    """Questions of a period far from every use, newest first, among ``judged``."""

    uses: tuple[IntendedUse, ...]
    table: Uses | None
    answer_ids: list[str]
    judged: int
    waiting: bool


class Distances:
    """Best cosine of each question to any example: computed once, 4 bytes and an id are kept."""

    def __init__(
        self, reads: FailureReads, encode: Callable[[str], Vectors], prd_dir: Path
    ) -> None:
        self._reads = reads
        self._encode = encode
        self._prd_dir = prd_dir
        self._read: tuple[IntendedUse, ...] | None = None
        self._table: Uses | None = None
        self._best: dict[str, float] = {}
        self._revision = 0
        self._deletions = 0

    def far(self, period: Period) -> Far:
        """Those of a period."""
        try:
            uses = load_uses(self._prd_dir)
        except FootnoteError as error:
            logger.warning("%s", error.message)
            uses = ()
        if uses != self._read:
            self._read, self._table, self._best, self._revision = uses, None, {}, 0
        if not uses:
            return Far((), None, [], 0, waiting=False)
        if self._table is None:
            try:
                self._table = embedded(uses, self._encode)
            except NotReady:
                return Far(uses, None, [], 0, waiting=True)
        self._update(self._table)
        asked = [one for one in self._reads.asked(period.start, period.end) if one in self._best]
        return Far(
            uses,
            self._table,
            [one for one in asked if self._best[one] < FAR],
            len(asked),
            waiting=False,
        )

    def _update(self, table: Uses) -> None:
        _, deletions = self._reads.revision()
        if deletions != self._deletions:  # forget what was deleted: start over
            self._best, self._revision, self._deletions = {}, 0, deletions
        size = table.vectors.shape[1] * 2  # bytes of float16
        for batch in self._reads.new_vectors(self._revision, self._best):
            fresh = [(one, vector) for one, _, vector in batch if len(vector) == size]
            if fresh:
                vectors = np.array([unpack(vector) for _, vector in fresh], dtype=np.float32)
                best, _ = table.nearest(vectors)
                self._best.update(
                    {one: float(near) for (one, _), near in zip(fresh, best, strict=True)}
                )
            self._revision = max(self._revision, *(revision for _, revision, _ in batch))
