"""Damaged files as hypothesis draws them: a real one, and what is done to it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz import mutations
from tests.fuzz.corpus import seeds

MOST_STEPS = 5
NAMES = (
    *("{0}.{1}", "{0}.{1}", "{0}.{1}", "{0}.{1}", "{0}", "{0}.txt", "{0}.{1}.zip"),
    *("\ud800.{1}", "\x00.{1}", "..", ".{1}", "%20.{1}", "../../{0}.{1}", "{0}\n{0}.{1}", " ", ""),
)


@dataclass(frozen=True)
class Step:
    """One change: which, and the dice for it."""

    change: mutations.Mutation
    dice: int


@dataclass(frozen=True)
class Damaged:
    """A file of a format, the real one it comes from, and how it was made."""

    kind: str
    name: str
    seed: int
    steps: tuple[Step, ...]

    @property
    def data(self) -> bytes:
        """The file."""
        data = seeds(self.kind)[self.seed]
        for step in self.steps:
            data = step.change(data, random.Random(step.dice), self.kind)[: mutations.MOST]
        return data

    @property
    def story(self) -> str:
        """How to make it again."""
        steps = " ".join(f"{step.change.__name__}:{step.dice}" for step in self.steps)
        return f"{self.kind} {self.name!r} seed {self.seed} {steps}"

    def without(self, place: int) -> Damaged:
        """The same with one step less."""
        return Damaged(
            self.kind, self.name, self.seed, self.steps[:place] + self.steps[place + 1 :]
        )


def damaged(kind: str) -> st.SearchStrategy[Damaged]:
    """Files of one format, each changed in one to `MOST_STEPS` ways."""
    step = st.builds(Step, st.sampled_from(mutations.OF_FORMAT[kind]), st.integers(0, 2**32 - 1))
    return st.builds(
        Damaged,
        st.just(kind),
        st.sampled_from(NAMES).map(lambda form: form.format("travel-caps", kind)),
        st.integers(0, len(seeds(kind)) - 1),
        st.lists(step, min_size=1, max_size=MOST_STEPS).map(tuple),
    )


def kinds(wanted: Sequence[str]) -> tuple[str, ...]:
    """The formats to fuzz; all where none is named.

    Raises:
        SystemExit: one of them is unknown.
    """
    unknown = [kind for kind in wanted if kind not in mutations.OF_FORMAT]
    if unknown:
        raise SystemExit(f"Unknown format: {', '.join(unknown)}.")
    return tuple(wanted) or tuple(sorted(mutations.OF_FORMAT))
