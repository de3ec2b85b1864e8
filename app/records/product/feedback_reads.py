"""Reviews and support tickets from elsewhere, their imports and their themes. Reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast

from sqlalchemy import (
    ColumnElement,
    Date,
    Engine,
    Row,
    String,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import cast as as_type

from app.errors import NotFound
from app.records.behavior.tables import feedback_items, feedback_themes
from app.records.product.feedback_items import Item, Kind, Theme

Feeling = Literal["negative", "neutral", "positive"]
Order = Literal["newest", "oldest", "most negative", "most positive"]
FELT = 0.25
"""A sentiment beyond ±this is positive or negative: halfway between a rating of 3 of 5, which is 0,
and one of 4, which is 0.5."""
_CHUNK = 2_000
_IN_LIMIT = 500
"""Ids per IN list: planning gets slow long before SQLite's limit."""


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items; what is empty or None does not narrow. ``until`` is not included.

    ``theme_id``: of this theme; "none": of no theme.
    """

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    feeling: str = ""
    import_id: str = ""
    theme_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ThemeDay:
    """A theme's items of one UTC day.

    ``felt``: items whose sentiment is known; ``sentiment``: the sum of theirs.
    """

    theme_id: str
    day: date
    items: int
    tickets: int
    negative: int
    positive: int
    felt: int
    sentiment: float


class FeedbackReads:
    """What pages, exports and the search for themes read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        day: ColumnElement[Any] = func.substr(as_type(feedback_items.c.at, String), 1, 10)
        if engine.dialect.name != "sqlite":
            day = as_type(func.timezone("UTC", feedback_items.c.at), Date)
        self._day = day

    def count(self, wanted: ItemFilter = ItemFilter()) -> int:
        """How many items there are."""
        query = select(func.count()).select_from(feedback_items).where(*_where(wanted))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def waiting(self) -> int:
        """How many items were not embedded yet."""
        query = select(func.count()).where(feedback_items.c.vector.is_(None))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def find(
        self, wanted: ItemFilter, *, order: Order = "newest", limit: int = 50, offset: int = 0
    ) -> list[Item]:
        """One page of items."""
        query = (
            select(*_SHOWN)
            .where(*_where(wanted))
            .order_by(*_ORDERS[order], feedback_items.c.id)
            .limit(limit)
            .offset(offset)
        )
        with self._engine.connect() as connection:
            return [_item(row) for row in connection.execute(query)]

    def stream(self, wanted: ItemFilter) -> Iterator[Item]:
        """All of them by id, read a few thousand at a time: an export may take its time."""
        last = ""
        while True:
            query = (
                select(*_SHOWN)
                .where(*_where(wanted), feedback_items.c.id > last)
                .order_by(feedback_items.c.id)
                .limit(_CHUNK)
            )
            with self._engine.connect() as connection:
                found = [_item(row) for row in connection.execute(query)]
            yield from found
            if len(found) < _CHUNK:
                return
            last = found[-1].id

    def items(self, ids: Sequence[str]) -> dict[str, Item]:
        """Items by id; those that are gone are left out."""
        found: dict[str, Item] = {}
        with self._engine.connect() as connection:
            for first in range(0, len(ids), _IN_LIMIT):
                part = ids[first : first + _IN_LIMIT]
                query = select(*_SHOWN).where(feedback_items.c.id.in_(part))
                found |= {row.id: _item(row) for row in connection.execute(query)}
        return found

    def item(self, item_id: str) -> Item:
        """One item.

        Raises:
            NotFound: there is none with this id.
        """
        found = self.items([item_id])
        if not found:
            raise NotFound("There is no such item.", "Its import may have been deleted.")
        return found[item_id]

    def vectors(self, theme_id: str = "") -> Iterator[tuple[list[str], bytes]]:
        """Ids with their float16 vectors joined, some thousand at a time, by id."""
        last = ""
        where: list[ColumnElement[bool]] = [feedback_items.c.vector.is_not(None)]
        if theme_id:
            where.append(feedback_items.c.theme_id == theme_id)
        while True:
            query = (
                select(feedback_items.c.id, feedback_items.c.vector)
                .where(*where, feedback_items.c.id > last)
                .order_by(feedback_items.c.id)
                .limit(_CHUNK)
            )
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
            if rows:
                yield [row.id for row in rows], b"".join(bytes(row.vector) for row in rows)
            if len(rows) < _CHUNK:
                return
            last = rows[-1].id

    def daily(self, wanted: ItemFilter) -> list[ThemeDay]:
        """Counts by theme and day; items of no theme have the theme ""."""
        felt = feedback_items.c.sentiment
        query = (
            select(
                feedback_items.c.theme_id,
                self._day.label("day"),
                func.count().label("items"),
                _sum(feedback_items.c.kind == "ticket").label("tickets"),
                _sum(felt < -FELT).label("negative"),
                _sum(felt > FELT).label("positive"),
                func.count(felt).label("felt"),
                func.coalesce(func.sum(felt), 0.0).label("sentiment"),
            )
            .where(*_where(wanted))
            .group_by(feedback_items.c.theme_id, literal_column("day"))
            .order_by(literal_column("day"))
        )
        with self._engine.connect() as connection:
            return [
                ThemeDay(
                    theme_id=row.theme_id,
                    day=row.day if isinstance(row.day, date) else date.fromisoformat(row.day),
                    items=row.items,
                    tickets=row.tickets,
                    negative=row.negative,
                    positive=row.positive,
                    felt=row.felt,
                    sentiment=row.sentiment,
                )
                for row in connection.execute(query)
            ]

    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last time of any item; None where there is none."""
        query = select(func.min(feedback_items.c.at), func.max(feedback_items.c.at))
        with self._engine.connect() as connection:
            first, last = connection.execute(query).one()
        return None if first is None else (first, last)

    # --- themes --------------------------------------------------------------------------------

    def themes(self) -> list[Theme]:
        """All, by label."""
        query = select(feedback_themes).order_by(feedback_themes.c.label, feedback_themes.c.id)
        with self._engine.connect() as connection:
            return [_theme(row) for row in connection.execute(query)]

    def theme(self, theme_id: str) -> Theme:
        """One of them.

        Raises:
            NotFound: there is none with this id.
        """
        query = select(feedback_themes).where(feedback_themes.c.id == theme_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(
                "There is no such theme.", "Themes are found anew with every import; see the list."
            )
        return _theme(row)

    def links(self) -> dict[str, tuple[str, str]]:
        """Theme → (id of the document that talks about it, id of the gap it belongs to)."""
        query = select(
            feedback_items.c.theme_id,
            func.max(feedback_items.c.document_id).label("document"),
            func.max(feedback_items.c.gap_id).label("gap"),
        ).group_by(feedback_items.c.theme_id)
        with self._engine.connect() as connection:
            return {row.theme_id: (row.document, row.gap) for row in connection.execute(query)}


_SHOWN: tuple[ColumnElement[Any], ...] = (
    feedback_items.c.id,
    feedback_items.c.kind,
    feedback_items.c.external_id,
    feedback_items.c.at,
    feedback_items.c.text,
    feedback_items.c.rating,
    feedback_items.c.sentiment,
    feedback_items.c.theme_id,
    feedback_items.c.import_id,
)
_UNKNOWN_LAST = feedback_items.c.sentiment.is_(None)
_ORDERS: dict[Order, tuple[ColumnElement[Any], ...]] = {
    "newest": (feedback_items.c.at.desc(),),
    "oldest": (feedback_items.c.at,),
    "most negative": (_UNKNOWN_LAST, feedback_items.c.sentiment),
    "most positive": (_UNKNOWN_LAST, feedback_items.c.sentiment.desc()),
}


def _where(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    felt = feedback_items.c.sentiment
    feelings: dict[str, ColumnElement[bool]] = {
        "negative": felt < -FELT,
        "positive": felt > FELT,
        "neutral": and_(felt >= -FELT, felt <= FELT),
        "unknown": felt.is_(None),
    }
    where: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        where.append(feedback_items.c.at >= wanted.since)
    if wanted.until is not None:
        where.append(feedback_items.c.at < wanted.until)
    if wanted.kind:
        where.append(feedback_items.c.kind == wanted.kind)
    if wanted.feeling in feelings:
        where.append(feelings[wanted.feeling])
    if wanted.import_id:
        where.append(feedback_items.c.import_id == wanted.import_id)
    if wanted.theme_id:
        theme_id = "" if wanted.theme_id == "none" else wanted.theme_id
        where.append(feedback_items.c.theme_id == theme_id)
    words = wanted.text.replace("\0", "").split()
    if words:
        where.extend(
            or_(
                feedback_items.c.text.icontains(word, autoescape=True),
                feedback_items.c.external_id == word,
            )
            for word in words
        )
    return where


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _item(row: Row[Any]) -> Item:
    return Item(
        id=row.id,
        kind=cast("Kind", row.kind),
        external_id=row.external_id,
        at=row.at,
        text=row.text,
        rating=row.rating,
        sentiment=row.sentiment,
        theme_id=row.theme_id,
        import_id=row.import_id,
    )


def _theme(row: Row[Any]) -> Theme:
    return Theme(
        id=row.id,
        label=row.label,
        centroid=bytes(row.centroid),
        summary=row.summary,
        model=row.model,
        updated_at=row.updated_at,
    )
