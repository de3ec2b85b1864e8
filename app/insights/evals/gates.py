"""Whether a run may ship: each metric of `quality:` in prd/metrics.yaml, held against two limits.

A gate is red for one of two reasons:

- **Guardrail**: the whole 95 % interval of the run's figure is worse than the guardrail. A figure
  that only may be worse is not red, or chance alone would turn gates red. `EXACT` figures, and
  those without an interval, are held against it as they are.
- **Regression**: over the cases that the run shares with the baseline, the figure is worse by more
  than `tolerance`, and the 95 % interval of the difference (`paired_difference`: bootstrap over
  families) leaves out 0. Never for speed and cost: the baseline was made on another machine.

Otherwise it is unknown where the metric was not measured, or where fewer than `FEWEST_PAIRS` cases
can be compared; and green where neither is the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.gate import Gate, GateReport, Verdict
from app.insights.evals.paired import Difference, difference_of, paired_difference
from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFigure, RunFile
from app.insights.targets import Target

EXACT = frozenset({"violations", "gold_located"})
"""Bugs and broken set-ups rather than chance: one is too many."""
FEWEST_PAIRS = 20
"""Cases that a comparison needs; of fewer, one case moves the mean by more than 5 points."""
_MACHINE = frozenset({"ms", "s", "usd"})
_ORDER: tuple[Verdict, ...] = ("red", "unknown", "green")


def judge(
    run: RunFile, quality: Mapping[str, Target], baseline: RunFile | None = None
) -> GateReport:
    """The gates of ``run``: metrics of ``quality`` that have a guardrail or a tolerance.

    ``baseline`` None: only guardrails are judged.
    """
    here, there = _comparable(run.rows, baseline.rows if baseline else ())
    gates = [
        _gate(run, target, baseline, here, there)
        for target in quality.values()
        if target.guardrail is not None or target.tolerance is not None
    ]
    compared = {row.id for row in here}
    ids = {row.id for row in run.rows}
    others = {row.id for row in baseline.rows} if baseline else ids
    return GateReport(
        gates=tuple(sorted(gates, key=lambda gate: _ORDER.index(gate.verdict))),
        baseline=baseline.name if baseline else "",
        baseline_made_at=baseline.made_at if baseline else "",
        only_here=tuple(sorted(ids - others)),
        only_there=tuple(sorted(others - ids)),
        changed=tuple(sorted((ids & others) - compared)) if baseline else (),
    )


def figure_of(run: RunFile, metric: str) -> RunFigure | None:
    """A metric of a run: its figure, or the mean of its rows' scores; None when not measured."""
    if metric == "violations":
        return RunFigure(float(run.violations), run.cases, unit="amount") if run.cases else None
    figure = run.figures.get(metric)
    if figure is not None and figure.value is not None:
        return figure
    scored = [row for row in run.rows if metric in row.scores]
    if not scored:
        return None
    values = np.array([row.scores[metric] for row in scored])
    spread = difference_of(np.zeros_like(values), values, [row.group or row.id for row in scored])
    return RunFigure(spread.mean_b, len(scored), spread.low, spread.high)


# --- steps ----------------------------------------------------------------------------------------


def _comparable(
    rows: tuple[Row, ...], others: tuple[Row, ...]
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows of both runs that are the same case: asked the same, with the same gold.

    A run without texts (of documents that may not be published) can only be matched by ids.
    """
    known = {row.id: row for row in others}
    here = tuple(row for row in rows if row.id in known and _same_case(row, known[row.id]))
    ids = {row.id for row in here}
    return here, tuple(row for row in others if row.id in ids)


def _same_case(one: Row, other: Row) -> bool:
    if one.answerable != other.answerable:
        return False
    if not one.question or not other.question:
        return True
    return (one.question, one.after, set(one.answers)) == (
        other.question,
        other.after,
        set(other.answers),
    )


def _gate(
    run: RunFile,
    target: Target,
    baseline: RunFile | None,
    here: tuple[Row, ...],
    there: tuple[Row, ...],
) -> Gate:
    gate = Gate(
        metric=target.id,
        name=target.name,
        verdict="unknown",
        reason="It was not measured in this run.",
        unit=target.unit,
        better=target.better,
        target=target.target,
        guardrail=target.guardrail,
        tolerance=target.tolerance,
    )
    figure = figure_of(run, target.id)
    if figure is None or figure.value is None:
        return gate
    gate = replace(
        gate,
        unit=figure.unit,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        meets_target=target.meets(figure.value),
    )
    compared: Difference | None = None
    if baseline is not None and target.tolerance is not None and target.unit not in _MACHINE:
        compared = paired_difference(there, here, target.id)
        gate = replace(
            gate,
            baseline=compared.mean_a,
            difference=compared.difference,
            difference_low=compared.low,
            difference_high=compared.high,
            pairs=compared.n,
        )
    verdict, reason = _verdict(gate, compared)
    return replace(gate, verdict=verdict, reason=reason)


def _verdict(gate: Gate, compared: Difference | None) -> tuple[Verdict, str]:
    said = value_text(gate.value, gate.unit)
    interval = interval_text(gate.low, gate.high, gate.unit)
    measured = f"{said} ({interval}, n {gate.n})" if interval else f"{said} (n {gate.n})"
    if _beyond_guardrail(gate):
        limit, side = _limit(gate), "below" if gate.better == "higher" else "above"
        whole = "the whole interval is " if interval and gate.metric not in EXACT else ""
        return "red", f"{measured}: {whole}{side} the limit, {limit}."
    if _regressed(gate, compared):
        allowed = _points(gate.tolerance or 0.0, gate.unit)
        return "red", f"{measured}: {_change(gate)}; at most {allowed} is tolerated."
    kept = _kept(gate)
    if compared is None:
        if not kept:
            return "unknown", f"{measured}, and no baseline to compare with."
        return "green", f"{measured}{kept}."
    if compared.n < FEWEST_PAIRS:
        few = f"only {compared.n} cases can be compared with the baseline, of {FEWEST_PAIRS} needed"
        if not compared.n:
            few = "the baseline has no case to compare it with"
        return "unknown", f"{measured}{kept}; {few}."
    return "green", f"{measured}{kept}; {_change(gate)}."


def _kept(gate: Gate) -> str:
    """How it stands to the guardrail that it does not cross; empty without one."""
    if gate.guardrail is None or gate.value is None:
        return ""
    higher = gate.better == "higher"
    if gate.value >= gate.guardrail if higher else gate.value <= gate.guardrail:
        return f" is within the limit, {_limit(gate)}"
    return f" is beyond the limit, {_limit(gate)}, but its interval is not"


def _beyond_guardrail(gate: Gate) -> bool:
    """The whole interval is worse than the guardrail."""
    if gate.guardrail is None or gate.value is None:
        return False
    bare = gate.metric in EXACT
    if gate.better == "higher":
        best = gate.value if bare or gate.high is None else gate.high
        return best < gate.guardrail
    best = gate.value if bare or gate.low is None else gate.low
    return best > gate.guardrail


def _regressed(gate: Gate, compared: Difference | None) -> bool:
    """Worse than the baseline by more than is tolerated, and not by chance."""
    if compared is None or compared.difference is None or gate.tolerance is None:
        return False
    worse = -compared.difference if gate.better == "higher" else compared.difference
    return (
        compared.n >= FEWEST_PAIRS and worse > gate.tolerance + _ROUNDING and compared.excludes_zero
    )


_ROUNDING = 1e-9
"""What a sum of 0s and 1s may be off."""


def _limit(gate: Gate) -> str:
    return value_text(gate.guardrail, gate.unit)


def _change(gate: Gate) -> str:
    """How it differs from the baseline, in words."""
    if gate.difference is None or abs(gate.difference) < _ROUNDING:
        return f"as the baseline over {gate.pairs} cases"
    up = gate.difference > 0
    word = "better" if up == (gate.better == "higher") else "worse"
    by = _points(abs(gate.difference), gate.unit)
    span = ""
    if gate.difference_low is not None and gate.difference_high is not None:
        ends = sorted((gate.difference_low, gate.difference_high), reverse=not up)
        first, last = (end if up else -end for end in ends)
        span = f" ({_bare(first, gate.unit)} to {_bare(last, gate.unit)})"
    return f"{by}{span} {word} than the baseline over {gate.pairs} cases"


def _points(size: float, unit: str) -> str:
    """The size of a difference: percentage points for shares."""
    number = _bare(size, unit)
    if unit in ("share", "ratio"):
        return f"{number} {'point' if number == '1.0' else 'points'}"
    return number


def _bare(size: float, unit: str) -> str:
    text = f"{100 * size:.1f}" if unit in ("share", "ratio") else value_text(size, unit)
    return text.replace("-", "−")
