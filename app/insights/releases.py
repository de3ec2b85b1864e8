"""Trust before and after each release: the mean rating of each, beside that of the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.insights.columns import moment_of
from app.insights.view import View


@dataclass(frozen=True, slots=True)
class ReleaseTrust:
    """``since``: the release's first question or rating that is recorded, at any time.

    ``mean``: of its ratings in the period; ``before``: that of the release before it.
    """

    release: str
    since: datetime
    ratings: int
    mean: float | None
    before: float | None


def trust_by_release(view: View) -> list[ReleaseTrust]:
    """Releases with a question or a rating in the period, oldest first."""
    columns = view.columns
    since: dict[str, int] = {}
    words = columns.vocabularies["release"].words
    codes, first = np.unique(columns["release"], return_index=True)  # rows are in order of time
    for code, row in zip(codes, first, strict=True):
        since[words[code]] = int(columns["asked_at"][row])
    _, _, places = view.ratings
    rated: dict[str, list[float]] = {}
    for place in places:
        release = columns.ratings.release[place]
        rated.setdefault(release, []).append(float(columns.ratings.value[place]))
        at = int(columns.ratings.at[place])
        since[release] = min(since.get(release, at), at)
    asked = {words[code] for code in np.unique(columns["release"][view.questions])}
    rows: list[ReleaseTrust] = []
    for release in sorted(asked | set(rated), key=lambda one: (since[one], one)):
        ratings = rated.get(release, [])
        mean = sum(ratings) / len(ratings) if ratings else None
        before = next((row.mean for row in reversed(rows) if row.mean is not None), None)
        rows.append(ReleaseTrust(release, moment_of(since[release]), len(ratings), mean, before))
    return rows
