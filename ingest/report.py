"""What an ingest did, per file and in sum."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from ingest.items import Problem

Change = Literal["added", "changed", "unchanged", "renamed", "removed"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one document. ``before``: its name until now, when it was renamed."""

    source: str
    change: Change
    document_id: str
    passages: int = 0
    before: str = ""


@dataclass(slots=True)
class IngestReport:
    """The report at the end; ``seconds`` is wall time, ``size`` the bytes that were parsed.

    ``failed`` names files that could not be read; ``failed_targets`` what was asked for and could
    not be read as a whole. ``dry_run``: everything says what would be done.
    """

    collection: str
    dry_run: bool = False
    cancelled: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    done: list[Done] = field(default_factory=list)
    """Every document that was touched; unchanged ones are only counted."""
    failed: list[Problem] = field(default_factory=list)
    failed_targets: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """Files of formats that are not read, by extension."""
    passages: int = 0
    size: int = 0
    seconds: float = 0.0

    def add(self, done: Done) -> None:
        """Count a document."""
        self.counts[done.change] += 1
        if done.change != "unchanged":
            self.done.append(done)

    @property
    def added(self) -> int:
        """Documents that were not known before."""
        return self.counts["added"]

    @property
    def changed(self) -> int:
        """Documents replaced by a newer version."""
        return self.counts["changed"]

    @property
    def unchanged(self) -> int:
        """Documents that were left as they are."""
        return self.counts["unchanged"]

    @property
    def renamed(self) -> int:
        """Documents whose content was known under another name."""
        return self.counts["renamed"]

    @property
    def removed(self) -> int:
        """Documents that are no longer there."""
        return self.counts["removed"]

    @property
    def passages_per_second(self) -> float:
        """New passages ÷ wall time; 0 when nothing was ingested."""
        return self.passages / self.seconds if self.seconds > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {
            "collection": self.collection,
            "dry_run": self.dry_run,
            "cancelled": self.cancelled,
            **self._sums(),
            "changes": [
                {"path": one.source, "change": one.change, "document_id": one.document_id}
                | ({"passages": one.passages} if one.change in ("added", "changed") else {})
                | ({"before": one.before} if one.before else {})
                for one in self.done
            ],
            "failed": [_problem(one) for one in (*self.failed_targets, *self.failed)],
            "warnings": [_problem(one) for one in self.warnings],
        }

    def to_record(self, limit: int = 100) -> dict[str, Any]:
        """What is kept with a root: the sums, and the first failures and warnings."""
        return {
            **self._sums(),
            "failed": [_problem(one) for one in self.failed[:limit]],
            "failed_count": len(self.failed),
            "warnings": [_problem(one) for one in self.warnings[:limit]],
        }

    def _sums(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "renamed": self.renamed,
            "removed": self.removed,
            "skipped": dict(self.skipped.most_common()),
            "passages": self.passages,
            "bytes": self.size,
            "seconds": round(self.seconds, 3),
            "passages_per_second": round(self.passages_per_second, 1),
        }


def _problem(one: Problem) -> dict[str, str]:
    return {"path": one.path, "reason": one.reason, "action": one.action}
