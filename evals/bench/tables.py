"""Benchmark results as tables on a terminal, and as JSON."""

from __future__ import annotations

import json
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

Result = dict[str, Any]
_BUSY = 0.5
"""Load average above which the machine was doing something else."""


def heading(results: Result, console: Console) -> None:
    """What is measured, and on what."""
    corpus, machine = results["corpus"], results["machine"]
    left_out = f", {corpus['left_out']} of other formats left out" if corpus["left_out"] else ""
    console.print(
        f"\n[bold]{corpus['name']}[/]: {corpus['files']} text files{left_out}; "
        f"{_rounds(results['rounds'])} in fresh processes. {machine['processors']} processors, "
        f"{'with' if machine['bfloat16'] else 'without'} bfloat16.",
        highlight=False,
    )
    if (machine["load_before"] or 0) > _BUSY:
        console.print(
            f"[yellow]The machine is busy (load {machine['load_before']}): "
            "ratios are still fair, rates are too low.[/]"
        )


def _rounds(count: int) -> str:
    return "one round" if count == 1 else f"{count} rounds, each"


def show(name: str, result: Result, console: Console) -> None:
    """One suite's tables."""
    shown = {
        "ingest": _ingest,
        "reingest": _reingest,
        "ask": _ask,
        "tracing": _tracing,
        "peers": _peers,
        "start": _start,
    }
    shown[name](result, console)


def to_json(results: Result) -> str:
    """Everything measured, indented."""
    return json.dumps(results, ensure_ascii=False, indent=1) + "\n"


def _ingest(result: Result, console: Console) -> None:
    table = _table("Ingest", "", "passages", "tokens", "passages/s", "tokens/s", "start s", "MB")
    for name, one in result["contenders"].items():
        table.add_row(
            name,
            f"{one['passages']:,}",
            f"{one['tokens_per_passage']:.0f}",
            f"{one['passages_per_s']:.1f}",
            f"{one['tokens_per_s']:,.0f}",
            f"{one['seconds']['import'] + one['seconds']['load_model']:.1f}",
            f"{one['peak_rss_mb']:.0f}",
        )
    console.print(table)
    _ratios(result["ratios"], console)
    quickstart, footnote = (
        result["contenders"][name]["tokens_per_passage"] for name in ("quickstart", "footnote")
    )
    console.print(
        f"Passages differ in size ({footnote:.0f} tokens in Footnote with title and headings, "
        f"{quickstart:.0f} in the quickstart): tokens/s compares like with like. Rates leave out "
        "the start, which is imports and loading the model.",
        highlight=False,
    )


def _reingest(result: Result, console: Console) -> None:
    table = _table("Unchanged corpus again", "", "first s", "second s", "first ÷ second")
    for name in ("in process", "whole command"):
        one = result[name]
        table.add_row(
            name, f"{one['first_s']:.2f}", f"{one['second_s']:.3f}", f"{one['ratio']:.1f}"
        )
    console.print(table)


def _ask(result: Result, console: Console) -> None:
    table = _table(f"{result['questions']} questions, one after the other", "", "p50 ms", "p95 ms")
    labels = {
        "ask": "POST /api/v1/ask",
        "search": "GET /api/v1/search",
        "quickstart": "quickstart's similarity_search, in process",
    }
    for name, label in labels.items():
        one = result["latencies_ms"][name]
        table.add_row(label, f"{one['p50']:.1f}", f"{one['p95']:.1f}")
    console.print(table)
    _ratios(result["ratios"], console)
    peak = result["server_peak_rss_mb"]
    console.print(
        f"Server ready after {result['server_ready_s']:.1f} s; peak memory "
        f"{f'{peak:.0f} MB' if peak else 'unknown'}, "
        f"quickstart {result['quickstart_facts']['peak_rss_mb']:.0f} MB.",
        highlight=False,
    )


def _tracing(result: Result, console: Console) -> None:
    table = _table("An answer with and without traces", "", "p50 ms", "p95 ms")
    for name, taken in result["ms"].items():
        table.add_row(f"traces {name}", f"{taken['p50']:.1f}", f"{taken['p95']:.1f}")
    console.print(table)
    console.print(f"The same question takes {result['difference_ms']:+.2f} ms more with traces.")
    _ratios(result["ratios"], console)


def _start(result: Result, console: Console) -> None:
    seconds = result["seconds"]
    console.print(
        f"From the process's start: a page after {seconds['first_page']:.2f} s, the app's own "
        f"after {seconds['own_page']:.2f} s, an answer after {seconds['first_answer']:.2f} s.",
        highlight=False,
    )


def _peers(result: Result, console: Console) -> None:
    table = _table("Ingest", "", "passages", "tokens", "tokens/s", "MB", "Footnote is")
    faster = result["footnote ÷ peer, tokens/s"]
    for name, one in result["ingest"].items():
        table.add_row(
            name,
            f"{one['passages']:,.0f}",
            f"{one['tokens_per_passage']:.0f}",
            f"{one['tokens_per_s']:,.0f}",
            f"{one['peak_rss_mb']:.0f}",
            f"{faster[name]:.2f} ×" if name in faster else "",
        )
    console.print(table)
    table = _table("The same questions in turns", "", "p50 ms", "p95 ms", "an answer takes")
    slower = result["answer ÷ peer's search, p50"]
    for name, one in result["ms"].items():
        ratio = f"{slower[name]:.2f} ×" if name in slower else ""
        table.add_row(name, f"{one['p50']:.1f}", f"{one['p95']:.1f}", ratio)
    console.print(table)


def _ratios(ratios: dict[str, float], console: Console) -> None:
    for label, value in ratios.items():
        console.print(f"  {label}: [bold]{value:.2f}[/]", highlight=False)


def _table(title: str, *head: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for i, name in enumerate(head):
        table.add_column(name, justify="right" if i else "left", no_wrap=not i)
    return table
