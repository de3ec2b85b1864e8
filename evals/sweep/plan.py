"""Which configurations to measure, read from a YAML file such as `evals/sweeps/default.yaml`.

``axes``
    Setting → values. Each value is one point: the shipped defaults with that one setting changed.
``grid``
    A list of settings → values; every combination is a point.
``random``
    ``count`` combinations drawn with ``seed`` from the values in ``axes`` there.
``points``
    Combinations by hand, each a mapping of settings.
``quality``
    Id of the score that points are compared by (`app.insights.evals.row.Row.scores`).

A setting has its name in `app.settings.Settings`; those of answering may be swept, and the two that
need an index of their own (`OF_THE_INDEX`). The shipped defaults are always the first point.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from app.ask.arm_settings import ALLOWED, overridden
from app.errors import BadRequest, SettingsError
from app.insights.evals.quality_words import QUALITY_WORDS
from app.settings import Settings, load_settings

DEFAULT = Path(__file__).parents[1] / "sweeps" / "default.yaml"
OF_THE_INDEX = ("embedding_model", "passage_tokens")
"""Settings that another index has to be made for; each is made once, and kept."""
SWEPT = (*OF_THE_INDEX, *ALLOWED)
Changes = Mapping[str, Any]
"""Settings that differ from the shipped ones, by name."""
_NAMED = 60
"""Characters of a point's file name that say what it is."""


class BadSweep(BadRequest):
    """A sweep's file cannot be used; says what is wrong with it."""

    title = "The sweep can't be read"


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class Drawn:
    """Combinations drawn at random."""

    count: int
    axes: dict[str, list[Any]]
    seed: int = 0


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class SweepFile:
    """What a sweep's file says."""

    about: str = ""
    quality: str = "correct"
    axes: dict[str, list[Any]] = field(default_factory=dict)
    grid: list[dict[str, list[Any]]] = field(default_factory=list)
    random: Drawn | None = None
    points: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Point:
    """One configuration. ``axis``: the setting that it changes alone; empty for several or none."""

    changes: Changes
    axis: str = ""

    @property
    def shipped(self) -> bool:
        """The defaults, unchanged."""
        return not self.changes

    @property
    def label(self) -> str:
        """What people read: "read_passages 4, dense_weight 0.5"."""
        if self.shipped:
            return "as shipped"
        return ", ".join(f"{name} {_shown(value)}" for name, value in self.changes.items())

    @property
    def key(self) -> str:
        """A file name: readable, and its own for each configuration."""
        if self.shipped:
            return "shipped"
        plain = re.sub(r"[^A-Za-z0-9_.]+", "-", self.label).strip("-.")[:_NAMED]
        text = json.dumps(dict(self.changes), sort_keys=True, default=str)
        return f"{plain}-{hashlib.blake2b(text.encode(), digest_size=3).hexdigest()}"

    @property
    def index(self) -> tuple[tuple[str, Any], ...]:
        """The settings of its index; points with the same ones share it."""
        return tuple((name, self.changes[name]) for name in OF_THE_INDEX if name in self.changes)


def read_sweep(file: Path) -> SweepFile:
    """The file, checked.

    Raises:
        BadSweep: it cannot be read, or names a setting that cannot be swept.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = TypeAdapter(SweepFile).validate_python(data or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise BadSweep(f"{file} can't be used: {error}.", "Correct the file.") from error
    if found.quality not in QUALITY_WORDS:
        raise BadSweep(
            f"{file}: “{found.quality}” is no figure.", f"Use one of: {', '.join(QUALITY_WORDS)}."
        )
    drawn = [found.random.axes] if found.random else []
    for named in (found.axes, *found.grid, *drawn, *found.points):
        for name in named:
            if name not in SWEPT:
                raise BadSweep(
                    f"{file}: “{name}” is not a setting that can be swept.",
                    f"Use one of: {', '.join(SWEPT)}.",
                )
    return found


def shipped_settings(**more: object) -> Settings:
    """Settings with every swept one as it is shipped, whatever the environment says.

    The environment's other settings count: keys and addresses of models are there.
    """
    defaults = {name: Settings.model_fields[name].default for name in SWEPT}
    return load_settings(**(defaults | more))


def points_of(sweep: SweepFile) -> list[Point]:
    """The shipped defaults, then every other point once: those that share the first index first.

    Raises:
        BadSweep: a value cannot be used.
    """
    found: dict[str, Point] = {}
    for point in (Point({}), *_axes(sweep), *_combinations(sweep)):
        checked = _checked(point)
        found.setdefault(checked.key, checked)
    # One index after the other: an index is opened once. The sort is stable.
    order = list(dict.fromkeys(point.index for point in found.values()))
    return sorted(found.values(), key=lambda point: order.index(point.index))


def settings_of(point: Point, base: Settings) -> Settings:
    """The settings of a point. ``base``: `shipped_settings`.

    Address and key of a chat model are the environment's, for the provider that it names: what
    belongs to one provider is not sent to another.
    """
    mine = base.model_copy(update={"chat_model": load_settings().chat_model})
    return overridden(mine, {"chat_model": base.chat_model, **point.changes})


def _axes(sweep: SweepFile) -> Iterator[Point]:
    for name, values in sweep.axes.items():
        for value in values:
            yield Point({name: value}, name)


def _combinations(sweep: SweepFile) -> Iterator[Point]:
    for changes in sweep.points:
        yield Point(changes)
    for axes in sweep.grid:
        for values in itertools.product(*axes.values()):
            yield Point(dict(zip(axes, values, strict=True)))
    if sweep.random is not None:
        yield from _random(sweep.random)


def _random(drawn: Drawn) -> Iterator[Point]:
    every = list(itertools.product(*drawn.axes.values()))
    chosen = random.Random(drawn.seed).sample(every, min(drawn.count, len(every)))  # noqa: S311  # no secret
    for values in chosen:
        yield Point(dict(zip(drawn.axes, values, strict=True)))


def _checked(point: Point) -> Point:
    """The point with values of the settings' own types, and without those that change nothing."""
    try:
        settings = shipped_settings(**point.changes)
    except SettingsError as error:
        raise BadSweep(f"{point.label} can't be swept. {error.detail}", error.action) from error
    if settings.mode == "written" and not settings.chat_model:
        raise BadSweep(f"{point.label}: written answers need a chat model.", "Name a chat_model.")
    shipped = {name: Settings.model_fields[name].default for name in point.changes}
    changes = {
        name: getattr(settings, name)
        for name in _ordered(point.changes)
        if getattr(settings, name) != shipped[name]
    }
    return Point(changes, point.axis if changes else "")


def _ordered(names: Mapping[str, Any]) -> Sequence[str]:
    return [name for name in SWEPT if name in names]


def _shown(value: Any) -> str:
    text = str(value)
    return text.rpartition("/")[2] if "/" in text else text  # a path is the machine's, not ours
