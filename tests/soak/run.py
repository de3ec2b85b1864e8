"""A real server under mixed load for minutes, and what it holds meanwhile.

    make soak ARGS="--minutes 30"

The server is the product as people start it: the bundled model, the sample documents, its own data
folder. Everything that is asked later is asked once first, which fills the caches; after that and a
warm-up memory may grow by 3 % over the run, and no handle or thread may be left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import httpx

from tests.soak.load import Tally, visitors
from tests.soak.meter import Growth, Meter, Reading, as_json, grown_handles, growth
from tests.soak.questions import varied

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "ingest" / "sample" / "documents"
MOST_GROWTH = 0.03
"""Of memory over a run, after the warm-up."""
MOST_HANDLES = 3
"""Handles or threads by which two ends of a run may differ: a pool opens one, or closes one."""
WARM_UP_SHARE, LEAST_WARM_UP_S = 0.2, 20.0
"""Of the run, after all was asked once: uploads and rare pages come, the heap finds its shape."""
LONG = 5
"""Minutes from which a run also fills what the server keeps for questions first."""
REHEARSAL_S = 600.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
START_S = 240.0
INGEST_S = 1800.0


@dataclass(frozen=True)
class Soak:
    """A run that is over."""

    minutes: float
    warm_up_s: float
    readings: list[Reading]
    tally: Tally
    errors: list[str]
    """Lines in the server's log that tell of an error."""

    @property
    def memory(self) -> Growth:
        """Growth of the server's own memory."""
        return growth("memory_mb", self.readings, self.warm_up_s)

    def left_behind(self, name: str) -> float:
        """Handles or threads more at the end than at the beginning."""
        before, after = grown_handles(name, self.readings, self.warm_up_s)
        return after - before

    def problems(self, most_growth: float = MOST_GROWTH) -> list[str]:
        """What should not be, as sentences."""
        found = []
        memory = self.memory
        if memory.share > most_growth:
            found.append(
                f"Memory grew by {memory.share:.1%}: {memory.start:.0f} MB, then {memory.end:.0f}."
            )
        found += [
            f"{more:.0f} more {name} at the end than at the beginning."
            for name in ("files", "sockets", "threads")
            if (more := self.left_behind(name)) > MOST_HANDLES
        ]
        found += [f"{count} × {what}" for what, count in self.tally.failed.most_common()]
        return found + self.errors[:5]

    def table(self) -> str:
        """The run in lines."""
        memory, size = self.memory, self.readings
        lines = [
            f"{self.tally.total:,} actions in {self.minutes:g} minutes "
            f"({self.tally.total / self.minutes / 60:.1f}/s), {self.warm_up_s:.0f} s of warm-up",
            "",
            "what       start      end   change    most",
            f"memory  {memory.start:>7.0f}M {memory.end:>7.0f}M  {memory.share:>+7.2%}"
            f" {max(one.memory_mb for one in size):>6.0f}M",
        ]
        for name in ("files", "sockets", "threads"):
            before, after = grown_handles(name, size, self.warm_up_s)
            most = max(getattr(one, name) for one in size)
            lines.append(
                f"{name:<7} {before:>8.0f} {after:>8.0f}  {after - before:>+7.0f} {most:>7.0f}"
            )
        lines += [
            f"parsers {max(one.children_mb for one in size):>36.0f}M",
            f"(memory's change is known to ± {2 * memory.error:.2%})",
            "",
            "action                count   median      p95",
        ]
        for name, seconds in sorted(self.tally.took.items()):
            half, most = _quantiles(seconds)
            lines.append(
                f"{name:<20} {len(seconds):>6} {half * 1000:>6.0f}ms {most * 1000:>6.0f}ms"
            )
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Everything, as JSON."""
        memory = self.memory
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(
                {
                    "minutes": self.minutes,
                    "warm_up_s": self.warm_up_s,
                    "actions": self.tally.total,
                    "failed": dict(self.tally.failed),
                    "memory": {
                        "start_mb": round(memory.start, 1),
                        "end_mb": round(memory.end, 1),
                        "growth": round(memory.share, 5),
                        "standard_error": round(memory.error, 5),
                    },
                    "left_behind": {
                        name: self.left_behind(name) for name in ("files", "sockets", "threads")
                    },
                    "problems": self.problems(),
                    "done": dict(self.tally.done),
                    "readings": as_json(self.readings),
                },
                indent=1,
            )
            + "\n",
            encoding="utf-8",
        )


def _quantiles(seconds: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    if len(seconds) < 2:
        return seconds[0], seconds[0]
    parts = quantiles(seconds, n=20)
    return parts[9], parts[18]


def soak(folder: Path, minutes: float, clients: int, pause_s: float, seed: int = 1) -> Soak:
    """A server on a fresh data folder in ``folder`` under load for ``minutes``."""
    _footnote(folder, "ingest", str(SAMPLES))
    with serving(folder) as (pid, url, log):
        with (
            visitors(url, clients, pause_s, seed, varied() if minutes >= LONG else ()) as tally,
            Meter(pid, lambda: tally.total) as meter,
        ):
            rehearsal = _rehearsed(tally)
            time.sleep(minutes * 60)
        errors = [line for line in log.read_text().splitlines() if " ERROR " in line]
    warm_up = rehearsal + max(LEAST_WARM_UP_S, WARM_UP_SHARE * minutes * 60)
    return Soak(minutes, warm_up, meter.readings, tally, errors)


def _rehearsed(tally: Tally) -> float:
    """Wait until every question was asked once; the seconds that took.

    Raises:
        RuntimeError: it takes longer than `REHEARSAL_S`.
    """
    started = time.monotonic()
    while tally.rehearsing:
        if time.monotonic() - started > REHEARSAL_S:
            raise RuntimeError(f"{len(tally.rehearsing)} visitors still rehearse.")
        time.sleep(0.1)
    return time.monotonic() - started


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "FOOTNOTE_DATA_DIR": str(folder / "data"),
        "FOOTNOTE_PRD_DIR": str(ROOT / "prd"),
        "FOOTNOTE_EVAL_REPORT": str(ROOT / "evals" / "reports" / "sample" / "report.json"),
        "FOOTNOTE_LOG_LEVEL": "warning",
        "FOOTNOTE_PORT": "0",
    }


def _footnote(folder: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=folder,
        env=_environment(folder),
        check=True,
        capture_output=True,
        timeout=INGEST_S,
    )


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, str, Path]]:
    """The product's server in a process of its own: process id, address, log."""
    log = folder / "server.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        yield process.pid, _ready(process, log), log
        if process.poll() is not None:
            raise RuntimeError(f"The server ended:\n{log.read_text()[-3000:]}")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address, once questions are answered there.

    Raises:
        RuntimeError: the server ended, or is not ready after `START_S`.
    """
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(log.read_text()):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{found[0]}/readyz", trust_env=False).status_code == 200:
                    return found[0]
        time.sleep(0.2)
    raise RuntimeError(f"The server did not become ready:\n{log.read_text()[-3000:]}")


def main() -> int:
    """The command line; 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between actions, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=Path("build/soak.json"), help="written there")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footnote-soak-") as folder:
        run = soak(Path(folder), wanted.minutes, wanted.clients, wanted.pause, wanted.seed)
    run.write(wanted.json)
    print(run.table())
    problems = run.problems()
    print("\n".join(["", *problems]) if problems else "\nNothing grew, nothing failed.")
    return 1 if problems else 0
