"""The product manager's own criteria for an answer: read from ``evals/rubric.yaml``.

A judge model scores answers by them, and people do by hand on `/evals`; both mean the same points.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from app.errors import BadRequest, NotFound

RUBRIC = Path(__file__).parents[3] / "evals" / "rubric.yaml"
"""The criteria that the project comes with; a product manager changes the file."""
Applies = Literal["answered", "refused", "all"]
_ID = re.compile(r"[a-z][a-z0-9-]*")
_FIELDS = {"id", "name", "question", "guidance", "scale", "applies_to"}


class BadRubric(BadRequest):
    """A file of criteria cannot be used; says which one, and why."""

    title = "The criteria can't be read"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that makes an answer good.

    ``question`` is what the judge answers, ``guidance`` what to look at. ``scale``: points → what
    they mean, at least two, more is better. ``applies_to``: answers, refusals, or both.
    """

    id: str
    name: str
    question: str
    guidance: str
    scale: Mapping[int, str]
    applies_to: Applies

    @property
    def score_id(self) -> str:
        """What its points are called among a row's scores (`Row.scores`)."""
        return f"rubric.{self.id}"

    def applies(self, *, refused: bool) -> bool:
        """Whether it can be asked of an answer, or of a refusal."""
        return self.applies_to == "all" or (self.applies_to == "refused") is refused


@dataclass(frozen=True, slots=True)
class Rubric:
    """All criteria in the file's order. ``fingerprint`` changes with every word of them."""

    criteria: tuple[Criterion, ...]
    fingerprint: str


def load_rubric(path: Path = RUBRIC) -> Rubric:
    """The criteria in a YAML file.

    Raises:
        NotFound: there is no such file.
        BadRubric: it holds no criteria, or one of them is wrong.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"{path} doesn't exist.", "Give a file of criteria.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadRubric(f"{path} is not readable YAML: {error}.", "Correct it.") from error
    listed = data.get("criteria") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not listed:
        raise BadRubric(f"{path} has no list “criteria”.", "Give at least one criterion.")
    criteria = tuple(
        _criterion(entry, f"{path}, criterion {number}") for number, entry in enumerate(listed, 1)
    )
    ids = [criterion.id for criterion in criteria]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice:
        raise BadRubric(f"{path}: the id {twice!r} occurs twice.", "Give each its own.")
    told = json.dumps(listed, sort_keys=True, default=str, ensure_ascii=False)
    return Rubric(criteria, hashlib.sha256(told.encode()).hexdigest()[:16])


def _criterion(entry: Any, where: str) -> Criterion:
    if not isinstance(entry, dict):
        raise _wrong(where, "it is not a list of fields")
    unknown = sorted(map(str, set(entry) - _FIELDS))
    if unknown:
        raise _wrong(where, f"the field {unknown[0]!r} is unknown")
    texts = {name: _text(entry, name, where) for name in ("id", "name", "question", "guidance")}
    if not _ID.fullmatch(texts["id"]):
        raise _wrong(where, f"the id {texts['id']!r} is not small letters, digits and hyphens")
    applies_to = entry.get("applies_to", "all")
    if applies_to not in get_args(Applies):
        known = ", ".join(get_args(Applies))
        raise _wrong(where, f"“applies_to” is {applies_to!r}; it can be {known}")
    return Criterion(**texts, scale=_scale(entry, where), applies_to=applies_to)


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(where, f"“{name}” is missing or not a text")
    return " ".join(value.split())


def _scale(entry: Mapping[str, Any], where: str) -> dict[int, str]:
    scale = entry.get("scale")
    if not isinstance(scale, dict) or len(scale) < 2:  # below, nothing to choose
        raise _wrong(where, "“scale” does not say what at least two numbers of points mean")
    for points, meaning in scale.items():
        if isinstance(points, bool) or not isinstance(points, int):
            raise _wrong(where, f"{points!r} in “scale” is not a whole number")
        if not isinstance(meaning, str) or not meaning.strip():
            # YAML reads a bare no as false.
            raise _wrong(where, f"what {points} means in “scale” is not a text; put it in quotes")
    return {points: " ".join(scale[points].split()) for points in sorted(scale)}


def _wrong(where: str, what: str) -> BadRubric:
    return BadRubric(f"{where}: {what}.", "Correct the file.")
