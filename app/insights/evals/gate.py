"""The verdicts of a run's gates, as its report keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["red", "unknown", "green"]
Decision = Literal["hold", "unknown", "ship"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One metric held against its guardrail and against the baseline; ``reason``: a sentence.

    ``value`` with its 95 % interval over ``n`` cases is the run's; ``unit`` is how to write it.
    ``difference`` (run less baseline) is over the ``pairs`` cases that both runs have, with its
    95 % interval. ``tolerance``: how much worse it may get. ``meets_target`` decides nothing: a
    target is where the product should get to, a gate is what it must not fall below.
    """

    metric: str
    name: str
    verdict: Verdict
    reason: str
    unit: str
    better: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    target: float | None = None
    guardrail: float | None = None
    tolerance: float | None = None
    meets_target: bool | None = None
    baseline: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class GateReport:
    """Every gate of a run, reds first, then unknown ones.

    ``baseline``: the name of the run compared with, empty for none. Ids of cases that were not
    compared: ``only_here``, ``only_there`` (in the baseline), and ``changed``, whose question or
    gold differs between the two.
    """

    gates: tuple[Gate, ...]
    baseline: str = ""
    baseline_made_at: str = ""
    only_here: tuple[str, ...] = ()
    only_there: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def of(self, verdict: Verdict) -> tuple[Gate, ...]:
        """The gates with this verdict."""
        return tuple(gate for gate in self.gates if gate.verdict == verdict)

    @property
    def decision(self) -> Decision:
        """Hold when a gate is red; unknown when none could be judged: nothing to go by."""
        if self.of("red"):
            return "hold"
        return "ship" if self.of("green") else "unknown"

    @property
    def headline(self) -> str:
        """The decision in a sentence."""
        red, green, unknown = (len(self.of(verdict)) for verdict in ("red", "green", "unknown"))
        tail = f" {unknown} could not be judged." if unknown else ""
        match self.decision:
            case "hold":
                names = ", ".join(gate.name for gate in self.of("red"))
                are = "gate is" if red == 1 else "gates are"
                return f"Hold: {red} {are} red ({names}); {green} are green.{tail}"
            case "ship":
                return f"Ship: no gate is red, {green} are green.{tail}"
            case _:
                return "Unknown: no gate could be judged."
