"""What instrumentation costs: the same questions with the trace store on, and with all of it off.

Two processes over the same documents answer in turns, in blocks, so that both meet the machine in
the same mood. Both record questions, answers and events. Run as a program, it is one of the two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from evals.bench import measuring, processes

Result = dict[str, Any]
BLOCK = 10
"""Questions that one process answers before the other has its turn."""
WARM_UP = 10
_MODULE = "evals.bench.tracing"


def tracing(questions: Sequence[str], data_dir: Path, work: Path, rounds: int) -> Result:
    """p50 and p95 of an answer with and without traces, and their ratios, medians over rounds.

    ``difference_ms``: median over questions of what the same question took more.
    """
    turns = []
    for turn in range(rounds):
        where = ("--data", str(data_dir))
        with (
            processes.blocks(_MODULE, work, *where) as on,
            processes.blocks(_MODULE, work, *where, "--off") as off,
        ):
            turns.append(_take_turns(questions, on, off, turn))
    return {
        "ms": {
            name: {q: median(one[name][q] for one in turns) for q in ("p50", "p95")}
            for name in ("on", "off")
        },
        "ratios": {
            f"on ÷ off, {q}": median(one["on"][q] / one["off"][q] for one in turns)
            for q in ("p50", "p95")
        },
        "difference_ms": median(one["difference_ms"] for one in turns),
        "questions": len(questions),
        "rounds": turns,
    }


def _take_turns(
    questions: Sequence[str], on: processes.Blocks, off: processes.Blocks, turn: int
) -> Result:
    for contender in (on, off):
        contender.ask(questions[:WARM_UP])
    taken: dict[str, list[float]] = {"on": [], "off": []}
    order = [("on", on), ("off", off)]
    for number, first in enumerate(range(0, len(questions), BLOCK)):
        block = questions[first : first + BLOCK]
        for name, contender in order if (number + turn) % 2 else reversed(order):
            taken[name] += contender.ask(block)
    more = [a - b for a, b in zip(taken["on"], taken["off"], strict=True)]
    return {
        name: {q: float(np.percentile(taken[name], int(q[1:]))) for q in ("p50", "p95")}
        for name in taken
    } | {"difference_ms": median(more)}


def serve(data_dir: Path) -> None:
    """Answer blocks of questions read from standard input."""
    from app import telemetry  # noqa: PLC0415  # after OTEL_SDK_DISABLED is set
    from app.bootstrap import build_services  # noqa: PLC0415
    from app.domain import Question  # noqa: PLC0415
    from app.settings import load_settings  # noqa: PLC0415

    settings = load_settings(data_dir=data_dir, database_url="", chroma_url="", chat_model="")
    telemetry.set_up("bench")
    services = build_services(settings)
    services.warm_up()
    out = sys.stdout
    sys.stdout = sys.stderr
    print("ready", file=out, flush=True)

    async def answered(questions: Sequence[str]) -> list[float]:
        taken = []
        for question in questions:
            started = time.perf_counter()
            await services.asker.answer(Question(question))
            taken.append((time.perf_counter() - started) * 1000)
        return taken

    with asyncio.Runner() as runner:
        for line in sys.stdin:
            taken = runner.run(answered(json.loads(line)))
            facts = measuring.process_facts()
            print(json.dumps({"ms": taken, "facts": facts}), file=out, flush=True)
    services.close()


def main() -> None:
    """One of the two processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--off", action="store_true")
    given = parser.parse_args()
    if given.off:
        os.environ["OTEL_SDK_DISABLED"] = "true"
    serve(given.data)


if __name__ == "__main__":
    main()
