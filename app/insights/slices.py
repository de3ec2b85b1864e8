"""A part of all questions: those of one mode, collection, level, release, arm or channel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from app.insights.columns import Columns, Mask


@dataclass(frozen=True, slots=True)
class Slice:
    """Empty: no limit. All that are given must hold."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "mode",
        "collection",
        "level",
        "release",
        "experiment",
        "arm",
        "channel",
    )
    mode: str = ""
    collection: str = ""
    level: str = ""
    release: str = ""
    experiment: str = ""
    arm: str = ""
    channel: str = ""

    def __bool__(self) -> bool:
        return any(self.given().values())

    def given(self) -> dict[str, str]:
        """What is limited: name → word."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name)
        }

    def rows(self, columns: Columns) -> Mask:
        """The questions and searches that belong to it."""
        found: Mask = np.ones(len(columns), bool)
        for name, word in self.given().items():
            found &= columns.has(name, word)
        return found


EVERYTHING = Slice()
