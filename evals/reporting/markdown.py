"""A report in Markdown: reads well on a forge and in an issue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.insights.evals.run_file import RunFile
from evals.reporting import bad_rows, gate_tables, rendering, reproducing
from evals.reporting.as_run import as_run
from evals.reporting.pictures import Picture, pictures
from evals.reporting.report import Report
from evals.reporting.speed_charts import Point

Link = Callable[[str], str]
"""A document's name → its address; empty where it has none."""


def no_link(_name: str) -> str:
    """Documents have no address."""
    return ""


def to_markdown(
    made: Report | RunFile,
    *,
    name: str = "",
    others: Sequence[Point] = (),
    beside: bool = False,
    link: Link = no_link,
    each: int = bad_rows.SHOWN_EACH,
) -> str:
    """The whole report. ``beside``: its pictures lie beside it, as `pictures` names them.

    ``others``: configurations to show beside this run; ``each``: bad cases of each kind.
    """
    run = as_run(made, name)
    lines = [f"# Eval of {run.dataset}", "", rendering.headline(run)]
    lines += ["", *(f"- {escaped(note)}" for note in run.notes)] if run.notes else []
    lines += _gates(run)
    for picture in pictures(run, others):
        lines += _picture(picture, beside)
    for title, grid in rendering.grids(run):
        lines += _section(title, grid)
    lines += _cases(run, link, each)
    lines += _made_with(run)
    return "\n".join(lines) + "\n"


def table(grid: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table; its first column to the left, numbers to the right."""
    head, *rows = ([escaped(cell) for cell in row] for row in grid)
    return [
        f"| {' | '.join(head)} |",
        f"|---|{'---:|' * (len(head) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line, in a table too."""
    line = " ".join(text.split())
    for mark in ("\\", "|", "*", "_", "`", "<", "[", "]"):
        line = line.replace(mark, f"\\{mark}")
    return line


def _gates(run: RunFile) -> Iterator[str]:
    if run.gates is None:
        return
    yield from ("", "## Gates", "", f"**{escaped(run.gates.headline)}**", "")
    grid = gate_tables.grid(run.gates)
    if len(grid) > 1:
        yield from table(grid)
        yield ""
    for gate in run.gates.of("red"):
        yield f"- **{escaped(gate.name)}**: {escaped(gate.reason)}"
    notes = (gate_tables.compared(run.gates), gate_tables.unmeasured(run.gates))
    yield from ("", escaped(" ".join(note for note in notes if note)))


def _picture(picture: Picture, beside: bool) -> Iterator[str]:
    yield from ("", f"## {picture.title}", "", picture.words)
    if not beside:
        yield from ("", *table(picture.table))
        return
    yield from ("", f"![{picture.title}; the numbers are in the table below]({picture.file})")
    yield from ("", "<details><summary>The numbers</summary>", "")
    yield from (*table(picture.table), "", "</details>")


def _section(title: str, grid: Sequence[Sequence[str]]) -> list[str]:
    return ["", f"## {title}", "", *table(grid)] if len(grid) > 1 else []


def _cases(run: RunFile, link: Link, each: int) -> Iterator[str]:
    found = bad_rows.bad_rows(run, each)
    if not found:
        return
    yield from ("", "## Cases to read", "")
    yield f"At most {each} of each kind, the surest first; report.json has all {run.cases}."
    kind = ""
    for bad in found:
        if bad.kind != kind:
            kind = bad.kind
            yield from ("", f"### {kind[0].upper()}{kind[1:]}")
        row = bad.row
        yield from ("", f"**{escaped(row.id)}** · probability {row.probability:.2f} · {row.state}")
        yield ""
        yield from (f"- {label}: {escaped(text)}" for label, text in bad_rows.told(row))
        for label, names in bad_rows.sources(row):
            yield f"- {label}: {', '.join(_linked(one, link) for one in names)}"
        if row.trace:
            yield f"- took: {', '.join(_steps(row.trace))}"


def _linked(name: str, link: Link) -> str:
    address = link(name)
    return f"[{escaped(name)}](<{address}>)" if address else escaped(name)


def _steps(trace: Sequence[Any]) -> Iterator[str]:
    """Two levels are enough to see where the time went."""
    return (f"{escaped(step.name)} {step.ms:.0f} ms" for step in trace if step.depth <= 1)


def _made_with(run: RunFile) -> Iterator[str]:
    yield from ("", "## How it was made", "", "```sh", reproducing.command(run), "```", "")
    changed = reproducing.changed(run)
    for title, values in (("Configuration", run.configuration), ("Environment", run.environment)):
        grid = [[title, ""]] + [
            [f"{key} (not as shipped)" if key in changed else key, rendering.plain(value)]
            for key, value in values.items()
        ]
        yield from ("", *table(grid))
    yield from ("", f"Made {run.made_at} in {run.seconds:.0f} s.")
