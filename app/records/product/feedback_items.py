"""Reviews and support tickets from elsewhere, their imports and their themes. Writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import uuid4

from sqlalchemy import Engine, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app import moment
from app.errors import NotFound
from app.records.behavior.revisions import bump
from app.records.behavior.tables import feedback_imports, feedback_items, feedback_themes
from app.records.rows import storable
from app.redaction import Redact, unchanged

Kind = Literal["review", "ticket"]
ImportStatus = Literal["waiting", "running", "done", "failed"]
_STEP = 1_000
"""Rows written in one transaction: some 30 ms, which is what others wait at most."""


@dataclass(frozen=True, slots=True)
class Item:
    """One review or ticket. ``rating``: 1 to 5; ``sentiment``: −1 to 1, None until known."""

    id: str
    kind: Kind
    external_id: str
    at: datetime
    text: str
    rating: float | None
    sentiment: float | None = None
    theme_id: str = ""
    import_id: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """One file. ``mapping``: how it is read; ``report``: what came of it, bad rows included."""

    id: str
    name: str
    kind: Kind
    mapping: Mapping[str, Any]
    rows: int
    report: Mapping[str, Any]
    status: ImportStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Theme:
    """What many items are about. ``centroid``: float16, unit length.

    ``summary`` was written by ``model``; both are empty until somebody asked for one.
    """

    id: str
    label: str
    centroid: bytes
    summary: str
    model: str
    updated_at: datetime


class FeedbackItemStore:
    """What was imported, and what was found in it. `FeedbackReads` reads it for pages."""

    def __init__(self, engine: Engine, redact: Redact = unchanged) -> None:
        self._engine = engine
        self._redact = redact
        # Both databases leave out what is there already, each in its own words.
        self._insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert

    # --- imports -------------------------------------------------------------------------------

    def add_import(self, name: str, kind: Kind, mapping: Mapping[str, Any]) -> Import:
        """A file that waits for somebody to say how it is read."""
        one = Import(
            f"fim_{uuid4().hex[:16]}", storable(name), kind, mapping, 0, {}, "waiting", moment.now()
        )
        with self._engine.begin() as connection:
            connection.execute(
                insert(feedback_imports).values(
                    id=one.id,
                    name=one.name,
                    kind=kind,
                    mapping=dict(mapping),
                    rows=0,
                    bad_rows={},
                    status="waiting",
                    created_at=one.created_at,
                )
            )
        return one

    def imports(self) -> list[Import]:
        """All, the newest first."""
        query = select(feedback_imports).order_by(
            feedback_imports.c.created_at.desc(), feedback_imports.c.id
        )
        with self._engine.connect() as connection:
            return [_import(row) for row in connection.execute(query)]

    def get_import(self, import_id: str) -> Import:
        """One of them.

        Raises:
            NotFound: there is none with this id.
        """
        query = select(feedback_imports).where(feedback_imports.c.id == import_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("There is no such import.", "It may have been deleted.")
        return _import(row)

    def change_import(
        self,
        import_id: str,
        *,
        status: ImportStatus | None = None,
        kind: Kind | None = None,
        mapping: Mapping[str, Any] | None = None,
        report: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what is given; the number of rows is counted anew."""
        counted = (
            select(func.count()).where(feedback_items.c.import_id == import_id).scalar_subquery()
        )
        values: dict[str, Any] = {"rows": counted}
        given = {"status": status, "kind": kind, "mapping": mapping, "bad_rows": report}
        values |= {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in given.items()
            if value is not None
        }
        with self._engine.begin() as connection:
            connection.execute(
                update(feedback_imports).where(feedback_imports.c.id == import_id).values(values)
            )

    def delete_import(self, import_id: str) -> int:
        """Forget an import and all its items, and themes that nothing is left of; how many items.

        Raises:
            NotFound: there is none with this id.
        """
        self.get_import(import_id)
        with self._engine.begin() as connection:
            bump(connection)
            own = feedback_items.c.import_id == import_id
            count = connection.execute(delete(feedback_items).where(own)).rowcount
            connection.execute(delete(feedback_imports).where(feedback_imports.c.id == import_id))
            used = select(feedback_items.c.theme_id).distinct()
            connection.execute(delete(feedback_themes).where(feedback_themes.c.id.not_in(used)))
        return count

    # --- items ---------------------------------------------------------------------------------

    def add_items(self, import_id: str, items: Sequence[Item]) -> int:
        """Keep those that are not there yet, from this file or another one; how many were new."""
        if not items:
            return 0
        rows = [
            {
                "id": item.id,
                "import_id": import_id,
                "kind": item.kind,
                "external_id": storable(item.external_id),
                "at": item.at,
                "text": self._redact(storable(item.text)),
                "rating": item.rating,
                "sentiment": item.sentiment,
            }
            for item in {item.id: item for item in items}.values()
        ]
        step = self._insert(feedback_items).on_conflict_do_nothing(index_elements=["id"])
        with self._engine.begin() as connection:
            bump(connection)
            return len(connection.execute(step.returning(feedback_items.c.id), rows).all())

    def without_vector(self, limit: int) -> list[tuple[str, str, float | None]]:
        """``(id, text, rating)`` of items that were not embedded yet."""
        query = (
            select(feedback_items.c.id, feedback_items.c.text, feedback_items.c.rating)
            .where(feedback_items.c.vector.is_(None))
            .order_by(feedback_items.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [(row.id, row.text, row.rating) for row in connection.execute(query)]

    def keep_vectors(self, found: Sequence[tuple[str, bytes, float]]) -> None:
        """``(id, float16 vector, sentiment)``."""
        step = (
            update(feedback_items)
            .where(feedback_items.c.id == bindparam("of"))
            .values(vector=bindparam("held"), sentiment=bindparam("felt"))
        )
        rows = [{"of": one, "held": vector, "felt": felt} for one, vector, felt in found]
        with self._engine.begin() as connection:
            bump(connection)
            if rows:
                connection.execute(step, rows)

    # --- themes --------------------------------------------------------------------------------

    def replace_themes(
        self,
        themes: Sequence[Theme],
        theme_of: Sequence[tuple[str, str]],
        links: Mapping[str, tuple[str, str]],
    ) -> None:
        """Put these in place of all others, in short steps: questions are recorded in between.

        ``theme_of``: (item, theme), for every item, "" for no theme. ``links``: theme →
        (document id, gap id), empty where there is none.
        """
        assign = (
            update(feedback_items)
            .where(feedback_items.c.id == bindparam("of"))
            .values(
                theme_id=bindparam("theme"), document_id=bindparam("said"), gap_id=bindparam("gap")
            )
        )
        kept = [theme.id for theme in themes]
        with self._engine.begin() as connection:
            connection.execute(delete(feedback_themes).where(feedback_themes.c.id.in_(kept)))
            if themes:
                rows = [
                    {
                        "id": theme.id,
                        "label": storable(theme.label),
                        "summary": storable(theme.summary),
                        "model": theme.model,
                        "centroid": theme.centroid,
                        "updated_at": theme.updated_at,
                    }
                    for theme in themes
                ]
                connection.execute(insert(feedback_themes), rows)
        for first in range(0, len(theme_of), _STEP):
            rows = []
            for item, theme_id in theme_of[first : first + _STEP]:
                document, gap = links.get(theme_id, ("", ""))
                rows.append({"of": item, "theme": theme_id, "said": document, "gap": gap})
            with self._engine.begin() as connection:
                bump(connection)
                connection.execute(assign, rows)
        with self._engine.begin() as connection:
            connection.execute(delete(feedback_themes).where(feedback_themes.c.id.not_in(kept)))

    def forget_vectors(self, size: int) -> None:
        """Let items be embedded again whose vector has another size in bytes: another model's."""
        with self._engine.begin() as connection:
            connection.execute(
                update(feedback_items)
                .where(func.length(feedback_items.c.vector) != size)
                .values(vector=None)
            )

    def keep_links(self, links: Mapping[str, tuple[str, str]]) -> None:
        """Theme → (document id, gap id), as `replace_themes` has them."""
        with self._engine.begin() as connection:
            bump(connection)
            for theme_id, (document, gap) in links.items():
                connection.execute(
                    update(feedback_items)
                    .where(feedback_items.c.theme_id == theme_id)
                    .values(document_id=document, gap_id=gap)
                )

    def keep_summary(self, theme_id: str, summary: str, model: str) -> None:
        """What a model wrote about a theme, and its name."""
        with self._engine.begin() as connection:
            connection.execute(
                update(feedback_themes)
                .where(feedback_themes.c.id == theme_id)
                .values(summary=storable(summary), model=model)
            )


def _import(row: Row[Any]) -> Import:
    return Import(
        id=row.id,
        name=row.name,
        kind=cast("Kind", row.kind),
        mapping=row.mapping,
        rows=row.rows,
        report=row.bad_rows or {},
        status=cast("ImportStatus", row.status),
        created_at=row.created_at,
    )
