"""Records of a table → items: dated, rated, with ids under which they are imported only once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from app.errors import Unprocessable
from app.insights.feedback.cells import parse_date, parse_rating
from app.insights.feedback.columns import KINDS, Columns, Kind
from app.insights.feedback.csv_reading import BadRow, Layout, Record, records
from app.records.product.feedback_items import Item

MOST_ROWS = 200_000
"""Rows of one file; every text is embedded, at about a hundred a second."""
MOST_CHARS = 20_000
"""Of a text, so much is kept: logs that people paste are longer."""
_AHEAD = timedelta(days=2)
"""A date may be so far in the future, for clocks and zones; beyond, it was read wrongly."""


def sample_of(path: Path, layout: Layout, count: int) -> list[Record]:
    """The first ``count`` records that can be read."""
    found = (one for one in records(path, layout) if isinstance(one, Record))
    return list(islice(found, count))


def read_items(
    path: Path, layout: Layout, columns: Columns, now: datetime
) -> Iterator[Item | BadRow]:
    """Every row as an item, or why it is none.

    An item's id comes from its external id and kind; without one from kind, time, text, rating and
    how many such rows stood before it in the file: reading the file again gives the same ids.

    Raises:
        Unprocessable: the file has more than `MOST_ROWS` rows, or something is not decided yet.
    """
    if columns.missing:
        raise Unprocessable("The file can't be imported like this.", columns.missing)
    before: Counter[bytes] = Counter()
    for number, record in enumerate(records(path, layout)):
        if number >= MOST_ROWS:
            raise Unprocessable(
                f"This file has more than {MOST_ROWS:,} rows.", "Split it and import the parts."
            )
        if isinstance(record, BadRow):
            yield record
            continue
        try:
            yield _item(record, columns, now, before)
        except ValueError as error:
            text = columns.cell(record, "text") or layout.delimiter.join(record.cells)
            yield BadRow(record.line, str(error), text[:200])


def _item(record: Record, columns: Columns, now: datetime, before: Counter[bytes]) -> Item:
    text = columns.cell(record, "text")
    title = columns.cell(record, "title")
    if title and not text.casefold().startswith(title.casefold()):
        text = f"{title}\n{text}".strip()
    if not any(character.isalnum() for character in text):
        raise ValueError("There is no text.")
    written = columns.cell(record, "date")
    at = parse_date(written, bool(columns.day_first))
    if at is None:
        raise ValueError(f"“{written[:40]}” is no date." if written else "There is no date.")
    if at > now + _AHEAD:
        raise ValueError(f"“{written[:40]}” is in the future.")
    rating = parse_rating(columns.cell(record, "rating"), columns.low, columns.high)
    kind = _kind(columns.cell(record, "kind"), columns.kind)
    external = columns.cell(record, "id")[:500]
    text = text[:MOST_CHARS]
    return Item(
        id=_id(kind, external, f"{at.isoformat()}\0{text}\0{rating}", before),
        kind=kind,
        external_id=external,
        at=at,
        text=text,
        rating=rating,
    )


def _id(kind: Kind, external: str, content: str, before: Counter[bytes]) -> str:
    if external:
        named = f"id\0{kind}\0{external}"
    else:
        digest = blake2b(content.encode("utf-8", "replace"), digest_size=12).digest()
        named = f"row\0{kind}\0{digest.hex()}\0{before[digest]}"
        before[digest] += 1
    return f"fbi_{blake2b(named.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


def _kind(cell: str, otherwise: Kind) -> Kind:
    said = cell.casefold()
    return next((kind for kind in KINDS if kind in said), otherwise)
