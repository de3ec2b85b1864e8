"""Which column of a table holds what: guessed from its names and its cells, decided by a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from app.errors import Unprocessable
from app.insights.feedback.cells import date_order, parse_date, rating_scale
from app.insights.feedback.csv_reading import Layout, Record

Field = Literal["text", "title", "date", "rating", "id", "kind"]
FIELDS: tuple[Field, ...] = get_args(Field)
Kind = Literal["review", "ticket"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_NAMES: dict[Field, str] = {
    "id": r"(?:ticket|case|review|issue|request|feedback|response|external)?[ _-]*"
    r"(?:id|number|no|nr|#)|ref|reference|key|uuid|(?:ticket|case|issue)[ _-]*(?:id|number|key)?",
    "date": r".*\b(?:date|time|timestamp|datum|day)\b.*|.*_at|at|when|on"
    r"|.*(?:created|submitted|opened|received|posted).*",
    "rating": r".*\b(?:rating|stars?|score|nps|csat|satisfaction|grade)\b.*",
    "title": r"subject|title|summary|headline|(?:ticket|review)[ _-]*(?:subject|title)",
    "text": r"(?:review|ticket|comment|feedback|message|customer|user|full)?[ _-]*"
    r"(?:text|body|comments?|content|message|description|feedback|review|verbatim|details?|answer)",
    "kind": r"kind|type|source|channel|category",
}
_TICKET_WORDS = re.compile(r"ticket|case|subject|status|priority|assignee|requester|agent|incident")
_REVIEW_WORDS = re.compile(r"review|rating|stars?|nps|score|product|version")
_DATES = 0.8
"""A column is one of dates when so many of its filled cells are."""
_DATES_NAMED = 0.3
"""A column with a date's name, all the same: its other cells are bad rows."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What is read from where. ``fields``: field → number of its column, from 0.

    ``day_first``: how 03/04/2026 is read; None where nobody has said and it matters.
    ``low``, ``high``: the scale of the ratings. ``kind``: of rows that don't say theirs.
    """

    fields: Mapping[Field, int]
    day_first: bool | None
    low: float
    high: float
    kind: Kind

    def cell(self, record: Record, field: Field) -> str:
        """The cell of a field; empty where no column holds it."""
        column = self.fields.get(field)
        return "" if column is None else record.cells[column].strip()

    @property
    def missing(self) -> str:
        """What has still to be decided, as a sentence; empty when nothing has."""
        if "text" not in self.fields:
            return "Choose the column that holds what people wrote."
        if "date" not in self.fields:
            return "Choose the column that holds the date."
        if self.day_first is None:
            return "Choose how the dates are written: day or month first."
        return ""

    def to_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)


def columns_from_json(value: Mapping[str, Any]) -> Columns:
    """What `Columns.to_json` gave."""
    return Columns(
        fields={name: value["fields"][name] for name in FIELDS if name in value["fields"]},
        day_first=value["day_first"],
        low=value["low"],
        high=value["high"],
        kind=value["kind"],
    )


def guess_columns(layout: Layout, sample: Sequence[Record], kind: Kind | None = None) -> Columns:
    """The likely meaning of each column, from its name first and then from its cells."""
    fields = _by_name(layout.names)
    free = [n for n in range(len(layout.names)) if n not in fields.values()]
    dates = [n for n in free if _share_of_dates(sample, n) >= _DATES]
    if "date" in fields and _share_of_dates(sample, fields["date"]) < _DATES_NAMED:
        del fields["date"]
    if "date" not in fields and dates:
        fields["date"] = dates[0]
    if "text" not in fields:
        lengths = {n: _mean_length(sample, n) for n in free if n != fields.get("date")}
        longest = max(lengths, key=lambda n: lengths[n], default=None)
        if longest is not None and lengths[longest] >= 15:
            fields["text"] = longest
        elif "title" in fields:
            fields["text"] = fields.pop("title")
    return completed(fields, sample, kind or _guess_kind(layout.names, fields))


def completed(
    fields: Mapping[Field, int], cells: Iterable[Record], kind: Kind, day_first: bool | None = None
) -> Columns:
    """``fields`` with the order of dates and the scale of ratings that the ``cells`` show.

    ``day_first``: what a person said, for where the dates don't.
    """
    dates: list[str] = []
    ratings: list[str] = []
    for record in cells:
        if "date" in fields:
            dates.append(record.cells[fields["date"]])
        if "rating" in fields:
            ratings.append(record.cells[fields["rating"]])
    order = date_order(dates)
    low, high = rating_scale(ratings)
    return Columns(dict(fields), day_first if order.ambiguous else order.guess, low, high, kind)


def named_columns(layout: Layout, wanted: Mapping[str, str], guessed: Columns) -> dict[Field, int]:
    """``guessed`` with what a person named: field → name of a column, empty for none.

    Raises:
        Unprocessable: there is no such field or column.
    """
    fields = dict(guessed.fields)
    by_name = {name.casefold(): number for number, name in enumerate(layout.names)}
    for field, name in wanted.items():
        if field not in FIELDS:
            raise Unprocessable(f"“{field}” is no field.", f"Choose from {', '.join(FIELDS)}.")
        if not name.strip():
            fields.pop(field, None)
        elif name.strip().casefold() in by_name:
            fields[field] = by_name[name.strip().casefold()]
        else:
            raise Unprocessable(
                f"The table has no column “{name[:80]}”.",
                f"Its columns are {', '.join(layout.names[:20])}.",
            )
    return fields


def _by_name(names: Sequence[str]) -> dict[Field, int]:
    fields: dict[Field, int] = {}
    plain = [re.sub(r"([a-z])([A-Z])", r"\1 \2", name).strip().lower() for name in names]
    for field, pattern in _NAMES.items():
        for number, name in enumerate(plain):
            if number not in fields.values() and re.fullmatch(pattern, name):
                fields[field] = number
                break
    return fields


def _share_of_dates(sample: Sequence[Record], column: int) -> float:
    cells = [record.cells[column].strip() for record in sample if record.cells[column].strip()]
    # Either order will do to tell a date from something else.
    dates = sum(any(parse_date(cell, order) for order in (True, False)) for cell in cells)
    return dates / len(cells) if cells else 0.0


def _mean_length(sample: Sequence[Record], column: int) -> float:
    return sum(len(record.cells[column]) for record in sample) / max(1, len(sample))


def _guess_kind(names: Sequence[str], fields: Mapping[Field, int]) -> Kind:
    words = " ".join(names).lower()
    tickets = len(_TICKET_WORDS.findall(words))
    reviews = len(_REVIEW_WORDS.findall(words)) + ("rating" in fields)
    return "ticket" if tickets > reviews else "review"
