"""What the product is meant for, and questions that are far from all of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from app.errors import SettingsError
from app.insights.gaps.clustering import Vectors

FILE = "intended-uses.yaml"
FAR = 0.25
"""Best cosine to any example below which a question is an unexpected use.

Measured with the examples in ``prd/intended-uses.yaml`` (64, written without looking at the cases):
4.8 % of the 227 golden cases on the sample documents are farther, and 61 % of the questions of an
encyclopaedia collection, 69 % of experts' questions on viruses, 87 % of search queries. At .30 it
would be 23 % of the golden cases.
"""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class IntendedUse:
    """One thing people are expected to do, told by example questions."""

    id: str
    name: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uses:
    """Intended uses with the vectors of their examples, shape (examples, dimension)."""

    uses: tuple[IntendedUse, ...]
    vectors: Vectors
    of_row: tuple[int, ...]
    """Which use each row of ``vectors`` belongs to."""

    def nearest(self, vectors: Vectors) -> tuple[Vectors, Sequence[int]]:
        """For each vector its best cosine to any example, and the index of that use."""
        near = vectors @ self.vectors.T
        best = near.argmax(axis=1)
        found: Vectors = near[np.arange(len(vectors)), best]
        return found, [self.of_row[int(row)] for row in best]


def load_uses(prd_dir: Path) -> tuple[IntendedUse, ...]:
    """The uses in ``prd_dir/intended-uses.yaml``; none when there is no such file.

    Raises:
        SettingsError: the file cannot be read, or says something else.
    """
    file = prd_dir / FILE
    if not file.is_file():
        return ()
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{file} can't be read: {reason}.", "Correct the file.") from error
    rows = data.get("uses") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise SettingsError(f"{file} has no list “uses”.", "Begin it with “uses:”.")
    uses = tuple(_use(file, number, row) for number, row in enumerate(rows, 1))
    ids = [use.id for use in uses]
    for one in ids:
        if ids.count(one) > 1:
            raise SettingsError(f"{file}: the id “{one}” occurs twice.", "Give each its own.")
    return uses


def embedded(uses: tuple[IntendedUse, ...], encode: Callable[[str], Vectors]) -> Uses:
    """The uses with their examples' vectors; ``encode``: text → shape (dimension,), unit length."""
    rows = [(number, text) for number, use in enumerate(uses) for text in use.examples]
    vectors = np.array([encode(text) for _, text in rows], dtype=np.float32)
    return Uses(uses, vectors, tuple(number for number, _ in rows))


def _use(file: Path, number: int, row: Any) -> IntendedUse:
    def wrong(what: str) -> SettingsError:
        return SettingsError(f"{file}, use {number}: {what}.", "See the other uses in the file.")

    if not isinstance(row, dict):
        raise wrong("it is not a list of fields")
    key, name, examples = row.get("id"), row.get("name"), row.get("examples")
    if not isinstance(key, str) or not _ID.fullmatch(key):
        raise wrong("“id” must be a short word of small letters, digits and hyphens")
    if not isinstance(name, str) or not name.strip():
        raise wrong("“name” is missing")
    if not isinstance(examples, list) or not all(isinstance(one, str) for one in examples):
        raise wrong("“examples” is not a list of questions")
    texts = tuple(text for one in examples if (text := " ".join(one.split())))
    if not texts:
        raise wrong("it has no examples")
    return IntendedUse(key, " ".join(name.split()), texts)
