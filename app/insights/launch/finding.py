"""What is known about one thing that has to hold: it does, it doesn't, or nobody can say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Status = Literal["pass", "fail", "unknown"]
Kind = Literal["tests", "quality", "behavior", "hand", "none"]
_WORST: tuple[Status, ...] = ("fail", "unknown", "pass")


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of evidence. ``what``: a test, a metric's name, or who looked.

    ``said``: what was found, in a sentence. ``todo``: what would make it pass; empty where it does.
    ``href``: where it can be seen. ``on``: when it was found; ``source``: commit and machine, or
    the report.
    """

    kind: Kind
    status: Status
    what: str
    said: str
    todo: str = ""
    href: str = ""
    on: date | None = None
    source: str = ""


def together(statuses: Iterable[Status]) -> Status:
    """Everything has to hold: one failure fails, and what is unknown is not passed."""
    found = set(statuses)
    return next((one for one in _WORST if one in found), "unknown")


def too_old(on: datetime | date | None, valid_days: int, today: date) -> str:
    """Why evidence of a day no longer counts; empty where it does."""
    if on is None:
        return "nobody knows from when it is"
    day = on.date() if isinstance(on, datetime) else on
    if day > today:
        return "it is dated in the future"
    return f"it is older than {valid_days} days" if (today - day).days > valid_days else ""
