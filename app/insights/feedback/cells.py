"""Cells of somebody else's table: dates in the ways people write them, and ratings on any scale."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp])?(?:\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC = re.compile(rf"(\d{{1,4}})([./-])(\d{{1,2}})\2(\d{{4}}|\d{{1,2}}){_TIME}")
_DAY_MONTH = re.compile(
    rf"(?:[A-Za-z]{{3,9}},?\s+)?(\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+([A-Za-z]{{3,9}})\.?[\s,-]+"
    rf"(\d{{4}}){_TIME}"
)
_MONTH_DAY = re.compile(
    rf"(?:[A-Za-z]{{3,9}},\s+)?([A-Za-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
    rf"(\d{{4}}){_TIME}"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EARLIEST = 1990
_OUT_OF = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(?:/|of|out of)\s*(\d+)(?:\s*stars?)?", re.IGNORECASE)
_AMOUNT = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(?:stars?|points?|%)?", re.IGNORECASE)
_STARS = re.compile(r"([★⭐*]️?)+☆*")
_WORDS = {
    5.0: "excellent great good positive satisfied happy yes up thumbs_up 👍 🙂 😀",
    3.0: "ok okay neutral mixed average fair",
    1.0: "terrible bad poor negative dissatisfied unsatisfied unhappy no down thumbs_down 👎 🙁 😡",
}
_BY_WORD = {
    word.replace("_", " "): rating for rating, said in _WORDS.items() for word in said.split()
}
_NONE = frozenset(
    {"", "-", "–", "n/a", "na", "none", "null", "nan", "offered", "unoffered", "not rated"}
)


@dataclass(frozen=True, slots=True)
class DateOrder:
    """What the dates of a column say about their order; see `date_order`."""

    day_first: int
    month_first: int
    either: int

    @property
    def ambiguous(self) -> bool:
        """Some dates can be read both ways, and no date of the column decides it."""
        return self.either > 0 and self.day_first == 0 and self.month_first == 0

    @property
    def guess(self) -> bool | None:
        """Whether the day comes first; None where somebody has to say."""
        return None if self.ambiguous else self.day_first >= self.month_first


def date_order(cells: Iterable[str]) -> DateOrder:
    """Count dates like 31/12/2026, which decide, and like 03/04/2026, which don't.

    A dot between the numbers decides too: it is written where the day comes first.
    """
    day = month = either = 0
    for cell in cells:
        found = _NUMERIC.fullmatch(cell.strip())
        if found is None or len(found[1]) > 2:
            continue
        first, second = int(found[1]), int(found[3])
        if (first > 12 >= second) or (found[2] == "." and second <= 12):
            day += 1
        elif second > 12 >= first:
            month += 1
        elif first != second:
            either += 1
    return DateOrder(day, month, either)


def parse_date(cell: str, day_first: bool) -> datetime | None:
    """The time that a cell names, in UTC where it names no zone; None when it is no date.

    Numbers with ten or thirteen digits are seconds or milliseconds since 1970.
    """
    text = " ".join(cell.split())
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    if found := _NUMERIC.fullmatch(text):
        first, second, third = int(found[1]), int(found[3]), int(found[4])
        if len(found[1]) == 4:
            parts = (first, second, third)
        elif len(found[1]) == 3 or len(found[4]) == 1:
            return None
        else:
            year = third if len(found[4]) == 4 else 2000 + third
            parts = (year, second, first) if day_first else (year, first, second)
    elif found := _DAY_MONTH.fullmatch(text):
        parts = (int(found[3]), _month(found[2]), int(found[1]))
    elif found := _MONTH_DAY.fullmatch(text):
        parts = (int(found[3]), _month(found[1]), int(found[2]))
    else:
        return None
    try:
        return _at(parts, found)
    except (ValueError, OverflowError):
        return None


def parse_rating(cell: str, low: float, high: float) -> float | None:
    """A rating as 1 to 5, from a number between ``low`` and ``high``, stars, ``4/5`` or a word.

    None: the cell says that there is none.

    Raises:
        ValueError: it says something else; the reason is a sentence.
    """
    text = " ".join(cell.split()).lower()
    if text in _NONE:
        return None
    if text in _BY_WORD:
        return _BY_WORD[text]
    if _STARS.fullmatch(text):
        full = sum(text.count(star) for star in "★⭐*")
        value, low, high = float(full), 1.0, 5.0
    elif found := _OUT_OF.fullmatch(text):
        value, high = float(found[1].replace(",", ".")), float(found[2])
        low = 1.0 if high == 5 else 0.0
    elif found := _AMOUNT.fullmatch(text):
        value = float(found[1].replace(",", "."))
    else:
        raise ValueError(f"“{cell.strip()[:40]}” is no rating.")
    if not low <= value <= high or high <= low:
        raise ValueError(f"The rating {value:g} is not between {low:g} and {high:g}.")
    return 1 + 4 * (value - low) / (high - low)


def rating_scale(cells: Iterable[str]) -> tuple[float, float]:
    """The scale that the numbers of a column are on: 1–5 unless they are larger."""
    numbers = []
    for cell in cells:
        found = _AMOUNT.fullmatch(cell.strip())
        if found:
            numbers.append(float(found[1].replace(",", ".")))
    most, least = max(numbers, default=5.0), min(numbers, default=1.0)
    if least < 0:
        return (-1.0, 1.0) if most <= 1 else (-100.0, 100.0)
    if most <= 1 and least == 0:
        return 0.0, 1.0
    if most <= 5:
        return (0.0, 5.0) if least == 0 else (1.0, 5.0)
    return (0.0, 10.0) if most <= 10 else (0.0, 100.0)


def _month(name: str) -> int:
    """1 to 12; 0, which is no month, for other words."""
    start = name.lower()[:3]
    return _MONTHS.index(start) + 1 if start in _MONTHS else 0


def _at(parts: tuple[int, int, int], found: re.Match[str]) -> datetime | None:
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    zone = found["zone"] or "Z"
    offset = UTC
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        offset = timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
    moment = datetime(
        *parts, hour, int(found["minute"] or 0), int(found["second"] or 0), tzinfo=offset
    )
    return moment.astimezone(UTC) if moment.year >= _EARLIEST else None
