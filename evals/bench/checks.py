"""Whether the product became slower: ratios of this run held against committed ones.

Milliseconds depend on the machine and its mood. How many times quicker or slower than a peer that
runs beside it depends on them much less, so ratios are compared, and only where the processors do
the same arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table

from app.errors import BadRequest, NotFound
from evals.bench import suites
from evals.bench.tables import to_json
from evals.reporting.folder import write

Result = dict[str, Any]
SUITES = ("ingest", "ask")
CONTENDERS = ("footnote", "quickstart", "own encoder")
"""Of the ingest suite; the bare encoders take as long again and are not compared."""
COMMITTED = Path(__file__).resolve().parents[1] / "reports" / "bench" / "check.json"


@dataclass(frozen=True, slots=True)
class Ratio:
    """One that counts, ``name`` of ``suite``. ``better``: whether more of it is better, or less."""

    suite: str
    name: str
    better: Literal["more", "less"]
    arithmetic: bool = False
    """Whether it depends on which arithmetic the processor has: then only alike ones compare."""


WATCHED = (
    Ratio("ingest", "footnote ÷ quickstart, tokens/s", "more", arithmetic=True),
    Ratio("ingest", "footnote ÷ own encoder, tokens/s", "more"),
    Ratio("ask", "ask ÷ quickstart, p50", "less", arithmetic=True),
    Ratio("ask", "search ÷ quickstart, p50", "less", arithmetic=True),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``now`` beside ``before``; ``state`` "unknown": the two machines cannot be compared."""

    ratio: Ratio
    before: float
    now: float
    limit: float
    state: Literal["kept", "worse", "unknown"]


def verdicts(before: Mapping[str, Any], now: Mapping[str, Any], tolerance: float) -> list[Verdict]:
    """One for each watched ratio. ``tolerance`` 1.4: a ratio may be 1.4 times worse.

    Raises:
        BadRequest: ``before`` was measured on another corpus, or lacks a ratio.
    """
    if before["corpus"]["name"] != now["corpus"]["name"]:
        raise BadRequest(
            f"The committed figures are of {before['corpus']['name']}, these of "
            f"{now['corpus']['name']}.",
            "Measure the same corpus, or commit new ones with --update.",
        )
    alike = before["machine"]["bfloat16"] == now["machine"]["bfloat16"]
    found = []
    for ratio in WATCHED:
        try:
            old, new = (float(one[ratio.suite]["ratios"][ratio.name]) for one in (before, now))
        except KeyError as error:
            raise BadRequest(
                f"The committed figures have no “{ratio.name}”.", "Make new ones with --update."
            ) from error
        limit = old / tolerance if ratio.better == "more" else old * tolerance
        kept = new >= limit if ratio.better == "more" else new <= limit
        known = alike or not ratio.arithmetic
        state: Literal["kept", "worse", "unknown"] = (
            "unknown" if not known else "kept" if kept else "worse"
        )
        found.append(Verdict(ratio, old, new, limit, state))
    return found


def check(
    corpus: Path | None,
    rounds: int,
    questions: int,
    tolerance: float,
    committed: Path,
    console: Console,
    *,
    update: bool,
) -> bool:
    """Measure, and whether nothing became worse; ``update`` writes ``committed`` instead.

    Raises:
        NotFound: there are no committed figures.
        FootnoteError: they do not compare, the corpus cannot be used, or a contender failed.
    """
    if not update and not committed.is_file():
        raise NotFound(f"{committed} is missing.", "Make it with `footnote bench check --update`.")
    results = suites.run(SUITES, corpus, rounds, questions, None, console, CONTENDERS)
    if update:
        write(committed, to_json(results))
        console.print(f"{committed} written.", highlight=False)
        return True
    before = json.loads(committed.read_text(encoding="utf-8"))
    found = verdicts(before, results, tolerance)
    _show(found, console)
    return all(one.state != "worse" for one in found)


def _show(found: Sequence[Verdict], console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("ratio")
    for head in ("committed", "now", "limit"):
        table.add_column(head, justify="right")
    signs = {"kept": "[green]✓[/]", "worse": "[red]✗[/]", "unknown": "?"}
    for one in found:
        table.add_row(
            signs[one.state],
            one.ratio.name,
            f"{one.before:.2f}",
            f"{one.now:.2f}",
            f"{'≥' if one.ratio.better == 'more' else '≤'} {one.limit:.2f}",
        )
    console.print(table)
    if any(one.state == "unknown" for one in found):
        console.print(
            "?: measured on a processor with other arithmetic; not held against it.",
            highlight=False,
        )
