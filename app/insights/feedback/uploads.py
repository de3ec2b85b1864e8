"""Files that wait to be imported: what is in them, as far as a person has to see to decide."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app import moment
from app.errors import FootnoteError, NotFound, Unprocessable
from app.insights.feedback.columns import (
    Columns,
    Field,
    Kind,
    columns_from_json,
    completed,
    guess_columns,
    named_columns,
)
from app.insights.feedback.csv_reading import BadRow, Layout, Record, read_layout, records
from app.insights.feedback.rows import read_items, sample_of
from app.records.product.feedback_items import FeedbackItemStore, Import, Item

log = logging.getLogger(__name__)

PREVIEW = 10
"""Rows shown before anything is imported."""
_SAMPLE = 200
KEPT = timedelta(days=1)
"""A file that nobody imports is deleted after a day, with the next upload."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they would be imported, and how the file is read."""

    layout: Layout
    columns: Columns
    rows: tuple[Item | BadRow, ...]
    cells: tuple[Record, ...]
    ambiguous: bool
    """The order of day and month can't be told from the dates; a person has to say."""


class FeedbackUploads:
    """A folder with one file for each import that waits, and what was decided about it."""

    def __init__(self, store: FeedbackItemStore, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def receive(self, name: str, data: bytes, kind: Kind | None = None) -> Import:
        """Keep a file and guess how it is read.

        Raises:
            Unprocessable: it can't be read as a table; nothing is kept.
        """
        self.tidy()
        self._folder.mkdir(parents=True, exist_ok=True)
        one = self._store.add_import(name, kind or "review", {})
        path = self.path(one.id)
        try:
            path.write_bytes(data)
            layout = read_layout(path)
            sample = sample_of(path, layout, _SAMPLE)
            guess = guess_columns(layout, sample, kind)
            columns = self._completed(path, layout, guess.fields, guess.kind, None)
        except BaseException:
            self.discard(one.id)
            self._store.delete_import(one.id)
            raise
        return self._keep(one, layout, columns)

    def choose(
        self,
        one: Import,
        wanted: Mapping[str, str],
        *,
        kind: Kind | None = None,
        day_first: bool | None = None,
    ) -> Import:
        """Change how a waiting file is read. ``wanted``: field → name of a column, "" for none.

        Raises:
            Unprocessable: there is no such column, or one column would be two things.
        """
        layout, columns = self.reading(one)
        fields = named_columns(layout, wanted, columns)
        twice = [n for n in set(fields.values()) if list(fields.values()).count(n) > 1]
        if twice:
            raise Unprocessable(
                f"The column “{layout.names[twice[0]]}” was chosen for two things.",
                "Choose another column, or none, for one of them.",
            )
        path = self.path(one.id)
        changed = self._completed(path, layout, fields, kind or columns.kind, day_first)
        return self._keep(one, layout, changed)

    def preview(self, one: Import) -> Preview:
        """The first rows of a waiting file.

        Raises:
            NotFound: the file is gone.
        """
        path = self.path(one.id)
        if not path.is_file():
            raise NotFound("The uploaded file is gone.", "Upload it again.")
        layout, columns = self.reading(one)
        cells = tuple(sample_of(path, layout, PREVIEW))
        rows: list[Item | BadRow] = []
        # What is not decided yet is read one way or the other: the page says that it has to be.
        decided = replace(columns, day_first=bool(columns.day_first))
        if not decided.missing:
            for row in read_items(path, layout, decided, moment.now()):
                rows.append(row)
                if len(rows) == PREVIEW:
                    break
        asked = one.mapping.get("ambiguous", False)
        return Preview(layout, columns, tuple(rows), cells, asked)

    def reading(self, one: Import) -> tuple[Layout, Columns]:
        """How a file is read, as it was decided last."""
        held = one.mapping["layout"]
        layout = Layout(**{**held, "names": tuple(held["names"])})
        return layout, columns_from_json(one.mapping["columns"])

    def path(self, import_id: str) -> Path:
        """Where its file stands, if it still does."""
        return self._folder / f"{import_id}.csv"

    def discard(self, import_id: str) -> None:
        """Delete the file; nothing happens when it is gone."""
        with suppress(OSError):
            self.path(import_id).unlink(missing_ok=True)

    def tidy(self, now: datetime | None = None) -> None:
        """Forget uploads that nobody imported within `KEPT`."""
        before = (now or moment.now()) - KEPT
        for one in self._store.imports():
            if one.status == "waiting" and one.created_at < before:
                self.discard(one.id)
                with suppress(FootnoteError):
                    self._store.delete_import(one.id)

    def _completed(
        self,
        path: Path,
        layout: Layout,
        fields: Mapping[Field, int],
        kind: Kind,
        day_first: bool | None,
    ) -> Columns:
        """With what all rows of the file, not only the first, say about dates and ratings."""
        rows = (row for row in records(path, layout) if isinstance(row, Record))
        return completed(fields, rows, kind, day_first)

    def _keep(self, one: Import, layout: Layout, columns: Columns) -> Import:
        path = self.path(one.id)
        open_question = self._completed(path, layout, columns.fields, columns.kind, None)
        mapping: dict[str, Any] = {
            "layout": asdict(layout),
            "columns": columns.to_json(),
            "ambiguous": open_question.day_first is None,
        }
        self._store.change_import(one.id, kind=columns.kind, mapping=mapping)
        return replace(one, kind=columns.kind, mapping=mapping)
