"""A run's gates as people read them: a table, in a terminal and in files."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.insights.evals.figure_text import NONE, interval_text, value_text
from app.insights.evals.gate import Gate, GateReport

MARKS = {"red": "✗", "unknown": "?", "green": "✓"}
"""Beside the word, so that color is not all there is."""
_STYLES = {"red": "bold red", "unknown": "yellow", "green": "green"}
_DECISIONS = {"hold": "bold red", "unknown": "bold yellow", "ship": "bold green"}
_NAMED = 8
"""Cases named of those that were not compared."""
HEAD = ("gate", "", "value", "95 % interval", "n", "limit", "baseline", "difference", "target")


def grid(gates: GateReport) -> list[list[str]]:
    """A heading, then a line for each gate that could be measured, reds first."""
    return [list(HEAD), *(_line(gate) for gate in gates.gates if gate.value is not None)]


def unmeasured(gates: GateReport) -> str:
    """The gates without a value, in a sentence; empty when there are none."""
    names = [gate.name for gate in gates.gates if gate.value is None]
    return f"Not measured in this run: {', '.join(names)}." if names else ""


def compared(gates: GateReport) -> str:
    """What the run was compared with, and which cases were left out, in a sentence or two."""
    if not gates.baseline:
        return "Compared with no baseline: guardrails alone decide."
    said = [f"Baseline: {gates.baseline}, made {gates.baseline_made_at[:10]}."]
    for ids, words in (
        (gates.only_here, "only in this run"),
        (gates.only_there, "only in the baseline"),
        (gates.changed, "asked or answered otherwise in the baseline"),
    ):
        if ids:
            names = ", ".join(ids[:_NAMED]) + ("…" if len(ids) > _NAMED else "")
            cases = "1 case is" if len(ids) == 1 else f"{len(ids)} cases are"
            said.append(f"{cases} {words}, and not compared: {names}.")
    return " ".join(said)


def difference(gate: Gate) -> str:
    """Run less baseline, with its interval, signed; a dash where they were not compared."""
    if gate.difference is None:
        return NONE
    shares = gate.unit in ("share", "ratio")
    scale, digits = (100, 1) if shares else (1, 3)
    said = _signed(scale * gate.difference, digits)
    if gate.difference_low is None or gate.difference_high is None:
        return said
    ends = (gate.difference_low, gate.difference_high)
    return f"{said} ({' to '.join(_signed(scale * end, digits) for end in ends)})"


def limit(gate: Gate) -> str:
    """The guardrail with its side; a dash without one."""
    if gate.guardrail is None:
        return NONE
    return f"{'≥' if gate.better == 'higher' else '≤'} {value_text(gate.guardrail, gate.unit)}"


def target(gate: Gate) -> str:
    """The target, marked where it is met."""
    if gate.target is None:
        return NONE
    return value_text(gate.target, gate.unit) + (" ✓" if gate.meets_target else "")


def show(gates: GateReport, console: Console) -> None:
    """The table, reds first; then each red gate's sentence, and the decision last."""
    table = Table(
        title="Gates", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for place, name in enumerate(("", "gate", "value", "limit", "to baseline")):
        table.add_column(name, justify="right" if place > 1 else "left", no_wrap=place != 1)
    for gate in gates.gates:
        if gate.value is not None:
            table.add_row(*_narrow(gate), style="red" if gate.verdict == "red" else None)
    console.print(table)
    for note in (unmeasured(gates), compared(gates)):
        if note:
            console.print(f"[dim]{escape(note)}[/]")
    for gate in gates.of("red"):
        console.print(f"[red]{MARKS['red']} {escape(gate.name)}[/]: {escape(gate.reason)}")
    console.print(f"[{_DECISIONS[gates.decision]}]{escape(gates.headline)}[/]")


def _narrow(gate: Gate) -> list[str]:
    """What fits on a terminal of 80 columns, which is what CI has."""
    interval = interval_text(gate.low, gate.high, gate.unit).removesuffix(" %")
    value = value_text(gate.value, gate.unit) + (f" ({interval})" if interval else "")
    change = difference(gate).partition(" ")[0]
    mark = f"[{_STYLES[gate.verdict]}]{MARKS[gate.verdict]}[/]"
    return [mark, *map(escape, (gate.name, value, limit(gate), change))]


def _line(gate: Gate) -> list[str]:
    return [
        gate.name,
        f"{MARKS[gate.verdict]} {gate.verdict}",
        value_text(gate.value, gate.unit),
        interval_text(gate.low, gate.high, gate.unit) or NONE,
        f"{gate.n:,}",
        limit(gate),
        value_text(gate.baseline, gate.unit),
        difference(gate),
        target(gate),
    ]


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return "0" if float(text) == 0 else text.replace("-", "−")
