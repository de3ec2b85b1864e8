"""Clusters of failures seen before, so that a decision stays with its cluster as it grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, update

from app.errors import NotFound
from app.moment import now
from app.records.behavior.tables import gaps
from app.records.product.reviews import MAX_NOTE, checked, insert_new
from app.records.rows import storable


@dataclass(frozen=True, slots=True)
class KnownGap:
    """A cluster as it was last seen, and what was decided about it.

    ``centroid``: float16 bytes, unit length. ``updated_at``: of the decision.
    """

    id: str
    label: str
    centroid: bytes
    status: str = "new"
    note: str = ""
    failure_mode: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def decided(self) -> bool:
        """True when somebody said anything about it."""
        return self.status != "new" or bool(self.note or self.failure_mode)


class GapStore:
    """`gaps` in SQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self) -> list[KnownGap]:
        """Every cluster seen so far, oldest first."""
        query = select(gaps).order_by(gaps.c.created_at, gaps.c.id)
        with self._engine.connect() as connection:
            return [_gap(row) for row in connection.execute(query)]

    def get(self, gap_id: str) -> KnownGap:
        """One cluster.

        Raises:
            NotFound: there is none with this id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(gaps).where(gaps.c.id == gap_id)).one_or_none()
        if row is None:
            raise NotFound(
                "There is no such gap.", "Open the list of gaps; it may have another name by now."
            )
        return _gap(row)

    def remember(self, seen: Sequence[KnownGap]) -> None:
        """Keep new clusters, and move known ones to where they are now; decisions stay."""
        if not seen:
            return
        with self._engine.begin() as connection:
            for one in seen:
                place = {"label": storable(one.label), "centroid": one.centroid}
                fresh = {"id": one.id, "status": "new", "created_at": now(), "updated_at": now()}
                connection.execute(insert_new(connection, gaps).values(**fresh, **place))
                connection.execute(update(gaps).where(gaps.c.id == one.id).values(**place))

    def decide(
        self,
        gap_id: str,
        *,
        status: str | None = None,
        note: str | None = None,
        failure_mode: str | None = None,
    ) -> KnownGap:
        """Change what is given, leave the rest as it is.

        Raises:
            BadRequest: an unknown status or failure mode.
            NotFound: there is no such cluster.
        """
        checked(status, failure_mode)
        changes: dict[str, Any] = {
            "status": status,
            "note": None if note is None else storable(note.strip()[:MAX_NOTE]),
            "failure_mode": failure_mode,
        }
        values = {name: value for name, value in changes.items() if value is not None}
        with self._engine.begin() as connection:
            connection.execute(
                update(gaps).where(gaps.c.id == gap_id).values(**values, updated_at=now())
            )
        return self.get(gap_id)


def _gap(row: Any) -> KnownGap:
    return KnownGap(
        row.id,
        row.label,
        row.centroid,
        row.status,
        row.note,
        row.failure_mode,
        row.created_at,
        row.updated_at,
    )
