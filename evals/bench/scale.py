"""An answer beside LangChain + Chroma's bare retrieval, as the number of passages grows.

Each size is measured in one go: Footnote's server and the peer's process take turns, block by
block, so that a ratio is of one moment. Then the server alone is put under load.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from app.errors import BadRequest
from evals.bench import load, processes, tables
from evals.bench.corpus import prepare
from evals.bench.picture import scale_svg
from evals.bench.suites import machine
from evals.bench.turns import BLOCK, take_turns
from evals.reporting.folder import write

Result = dict[str, Any]


def run(
    sizes: Sequence[int],
    path: Path | None,
    questions: int,
    load_s: float,
    clients: int,
    folder: Path | None,
    json_file: Path | None,
    console: Console,
) -> Result:
    """Measure at each of ``sizes``, smallest first, in stores that grow; show and write it.

    Args:
        sizes: passages.
        path: the corpus that they are made of; None: the sample.
        questions: how many different ones are asked.
        load_s: seconds under load at each size; 0: none.
        clients: asking at once under load.
        folder: where the stores lie and stay, to be filled further; None: nowhere.
        json_file: where the results are written; None: nowhere.
        console: where they are shown.

    Raises:
        FootnoteError: the corpus cannot be used, or a process failed.
    """
    if not sizes:
        raise BadRequest("No size is given.", "Give --passages once or several times.")
    kept = (
        tempfile.TemporaryDirectory(prefix="footnote-scale-")
        if folder is None
        else nullcontext(str(folder))
    )
    with kept as name:
        work = Path(name)
        work.mkdir(parents=True, exist_ok=True)
        corpus = prepare(path, work, questions)
        results: Result = {
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "corpus": corpus.name,
            "questions": len(corpus.questions),
            "machine": machine(),
            "sizes": [],
        }
        for size in sorted(set(sizes)):
            with console.status(f"Filling up to {size:,} passages"):
                filled = processes.measured(
                    "evals.bench.filling", work,
                    "--corpus", str(corpus.folder), "--data-dir", str(work / "footnote"),
                    "--store", str(work / "peer"), "--passages", str(size),
                )  # fmt: skip
            with console.status(f"Asking {filled['passages']:,} passages"):
                results["sizes"].append(
                    {"filled": filled, **_measured(corpus.questions, work, load_s, clients)}
                )
        results["growth"] = growth(results["sizes"])
    _show(results, console)
    if json_file is not None:
        write(json_file, tables.to_json(results))
        write(json_file.with_suffix(".svg"), scale_svg(results["sizes"]))
    return results


def growth(sizes: Sequence[Result]) -> list[Result]:
    """From each size to the next: b where an answer's p50 grows like nᵇ; √n is 0.5."""
    return [
        {
            "from": one["filled"]["passages"],
            "to": other["filled"]["passages"],
            "exponent": math.log(other["ms"]["ask"]["p50"] / one["ms"]["ask"]["p50"])
            / math.log(other["filled"]["passages"] / one["filled"]["passages"]),
        }
        for one, other in pairwise(sizes)
        if other["filled"]["passages"] > one["filled"]["passages"]
    ]


def _measured(questions: Sequence[str], work: Path, load_s: float, clients: int) -> Result:
    with processes.server(work / "footnote", work) as server:
        with processes.blocks(
            "evals.bench.quickstart", work, "serve", "--store", str(work / "peer")
        ) as peer:
            ms = take_turns(questions, {"ask": server.ask, "retrieval": peer.ask}, 0)
        loaded = (
            {
                "first_content": load.first_content(server.port, questions[:BLOCK]),
                "load": load.under_load(server.port, questions, clients, load_s),
            }
            if load_s
            else {}
        )
    return {
        "ms": ms,
        "ask ÷ retrieval": {q: ms["ask"][q] / ms["retrieval"][q] for q in ("p50", "p95")},
        "server_peak_rss_mb": server.peak_rss_mb,
        "server_ready_s": server.ready_s,
        **loaded,
    }


def _show(results: Result, console: Console) -> None:
    table = Table(title="An answer beside bare retrieval", box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("passages", "ask p50 ms", "p95", "retrieval p50 ms", "p95", "ratio", "MB"):
        table.add_column(head, justify="right")
    for one in results["sizes"]:
        ask, bare = one["ms"]["ask"], one["ms"]["retrieval"]
        table.add_row(
            f"{one['filled']['passages']:,}",
            f"{ask['p50']:.1f}",
            f"{ask['p95']:.1f}",
            f"{bare['p50']:.1f}",
            f"{bare['p95']:.1f}",
            f"{one['ask ÷ retrieval']['p50']:.2f}",
            f"{one['server_peak_rss_mb'] or 0:.0f}",
        )
    console.print(table)
    for one in results["sizes"]:
        if "load" in one:
            under, first = one["load"], one["first_content"]
            console.print(
                f"{one['filled']['passages']:,} passages, {under['clients']} clients: "
                f"{under['questions_per_s']:.1f} questions/s, p50 {under['p50_ms'] or 0:.0f} ms, "
                f"p95 {under['p95_ms'] or 0:.0f} ms, {under['errors']} errors; a stream's first "
                f"content after {first['p50_ms']:.0f} ms, p95 {first['p95_ms']:.0f} ms.",
                highlight=False,
            )
    for one in results["growth"]:
        console.print(
            f"From {one['from']:,} to {one['to']:,} an answer's time grows like "
            f"n^{one['exponent']:.2f}.",
            highlight=False,
        )
