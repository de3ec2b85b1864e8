"""The measurements: each contender in fresh processes, in alternating order, medians over rounds.

Ratios are made within a round, where the machine was in the same mood, and their median is given.
"""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from evals.bench import processes, quickstart, tables
from evals.bench.corpus import Corpus, prepare
from evals.bench.peers.suite import peers
from evals.bench.picture import peers_svg
from evals.bench.start import start
from evals.bench.tracing import tracing
from evals.bench.turns import Contenders, order, take_turns
from evals.reporting.folder import write

Result = dict[str, Any]
_PACKAGES = ("torch", "sentence-transformers", "langchain-chroma", "chromadb", "tantivy", "numpy")


def run(
    suites: Sequence[str],
    path: Path | None,
    rounds: int,
    questions: int,
    json_file: Path | None,
    console: Console,
    contenders: Sequence[str] = (),
) -> Result:
    """Run ``suites``, show tables, write JSON. ``contenders``: of an ingest; empty: all.

    Raises:
        FootnoteError: the corpus cannot be used, or a contender failed.
    """
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        work = Path(folder)
        corpus = prepare(path, work, questions)
        results: Result = {
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "corpus": {
                "name": corpus.name,
                "files": corpus.files,
                "left_out": corpus.left_out,
                "questions": len(corpus.questions),
            },
            "rounds": rounds,
            "quickstart": {
                "chunk_characters": quickstart.CHUNK_CHARACTERS,
                "overlap_characters": quickstart.OVERLAP_CHARACTERS,
                "k": quickstart.K,
            },
            "machine": machine(),
        }
        tables.heading(results, console)
        known: dict[str, Callable[[], Result]] = {
            "ingest": lambda: ingest(corpus, work, rounds, contenders),
            "reingest": lambda: reingest(corpus, work, rounds, results.get("ingest")),
            "ask": lambda: ask(corpus, work, rounds),
            "tracing": lambda: traced(corpus, work, rounds),
            "start": lambda: started(corpus, work, rounds),
            "peers": lambda: peers(corpus, work, rounds),
        }
        for name in suites:
            with console.status(f"Measuring: {name}"):
                results[name] = known[name]()
            tables.show(name, results[name], console)
    if json_file is not None:
        write(json_file, tables.to_json(results))
        if "peers" in suites:
            write(json_file.with_suffix(".svg"), peers_svg(results["peers"]))
    return results


def ingest(corpus: Corpus, work: Path, rounds: int, wanted: Sequence[str] = ()) -> Result:
    """Footnote's ingest, the quickstart's, and bare encoders over Footnote's passages.

    ``wanted``: names of those to measure, Footnote's among them; empty: all.
    """
    passages = work / "passages.json"
    module = "evals.bench"

    def footnote(turn: int) -> Result:
        return _footnote(corpus, work, f"footnote-{turn}", passages)

    def langchain(turn: int) -> Result:
        store = work / f"quickstart-{turn}"
        return processes.measured(
            f"{module}.quickstart", work, "ingest",
            "--corpus", str(corpus.folder), "--store", str(store),
        )  # fmt: skip

    def encoder(precision: str) -> Callable[[int], Result]:
        return lambda _turn: processes.measured(
            f"{module}.encoder", work, "--passages", str(passages),
            "--precision", precision, "--data-dir", str(work / "footnote-0"),
        )  # fmt: skip

    # Footnote stands first: the first round leaves the passages that the encoder needs.
    contenders = {
        "footnote": footnote,
        "quickstart": langchain,
        "encoder float32": encoder("float32"),
        "encoder bfloat16": encoder("bfloat16"),
        "own encoder": encoder("own"),
    }
    contenders = {name: run for name, run in contenders.items() if name in (wanted or contenders)}
    measured: dict[str, list[Result]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in order(list(contenders), turn):
            measured[name].append(contenders[name](turn))
    ratios = {
        f"footnote ÷ {other}, {unit}": _ratio(measured["footnote"], measured[other], key)
        for other in contenders
        if other != "footnote"
        for unit, key in (("passages/s", "passages_per_s"), ("tokens/s", "tokens_per_s"))
    }
    if "quickstart" in contenders:
        ratios["footnote ÷ quickstart, corpus characters/s"] = _ratio(
            measured["footnote"], measured["quickstart"], "characters_per_s"
        )
    return {
        "contenders": {name: _medians(runs) for name, runs in measured.items()},
        "ratios": ratios,
        "rounds": measured,
    }


def reingest(corpus: Corpus, work: Path, rounds: int, ingested: Result | None) -> Result:
    """First ingest ÷ second one of the unchanged corpus: inside a process, and as a command.

    Inside a process the model is loaded before both; a command pays for its start each time.
    """
    inside = (
        ingested["rounds"]["footnote"]
        if ingested
        else [_footnote(corpus, work, f"again-{turn}", None) for turn in range(rounds)]
    )
    commands = []
    for turn in range(rounds):
        data_dir = str(work / f"command-{turn}")
        arguments = ["-m", "app.cli", "ingest", str(corpus.folder), "--json"]
        first, second = (
            processes.command(arguments, work, FOOTNOTE_DATA_DIR=data_dir) for _ in range(2)
        )
        commands.append({"first_s": first, "second_s": second})
    seconds = [one["seconds"] for one in inside]
    return {
        "in process": {
            "first_s": median(s["ingest"] for s in seconds),
            "second_s": median(s["reingest"] for s in seconds),
            "ratio": median(s["ingest"] / s["reingest"] for s in seconds),
        },
        "whole command": {
            "first_s": median(one["first_s"] for one in commands),
            "second_s": median(one["second_s"] for one in commands),
            "ratio": median(one["first_s"] / one["second_s"] for one in commands),
        },
        "rounds": {"in process": seconds, "whole command": commands},
    }


def ask(corpus: Corpus, work: Path, rounds: int) -> Result:
    """Answers and searches over loopback HTTP, and the quickstart's search inside its process."""
    data_dir, store = work / "ask-footnote", work / "ask-quickstart"
    _footnote(corpus, work, data_dir.name, None)
    processes.measured(
        "evals.bench.quickstart", work, "ingest",
        "--corpus", str(corpus.folder), "--store", str(store),
    )  # fmt: skip
    turns = []
    for turn in range(rounds):
        with (
            processes.server(data_dir, work) as server,
            processes.blocks(
                "evals.bench.quickstart", work, "serve", "--store", str(store)
            ) as peer,
        ):
            contenders: Contenders = {
                "ask": server.ask,
                "quickstart": peer.ask,
                "search": partial(server.search, k=quickstart.K),
            }
            taken: Result = {**take_turns(corpus.questions, contenders, turn)}
            turns.append(taken | {"quickstart_facts": peer.facts})
        turns[-1]["server_peak_rss_mb"] = server.peak_rss_mb
        turns[-1]["server_ready_s"] = server.ready_s
    names = ("ask", "search", "quickstart")
    return {
        "latencies_ms": {
            name: {q: median(one[name][q] for one in turns) for q in ("p50", "p95")}
            for name in names
        },
        "ratios": {
            f"{name} ÷ quickstart, {q}": median(
                one[name][q] / one["quickstart"][q] for one in turns
            )
            for name in names[:2]
            for q in ("p50", "p95")
        },
        "questions": len(corpus.questions),
        "server_ready_s": median(one["server_ready_s"] for one in turns),
        "server_peak_rss_mb": turns[-1]["server_peak_rss_mb"],
        "quickstart_facts": turns[-1]["quickstart_facts"],
        "rounds": turns,
    }


def machine() -> Result:
    """What the figures depend on besides the code."""
    flags, name = _processor()
    return {
        "processors": os.cpu_count(),
        "processor": name,
        "bfloat16": sorted(flags & {"avx512_bf16", "amx_bf16", "bf16"}),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {package: _version(package) for package in _PACKAGES},
    }


def traced(corpus: Corpus, work: Path, rounds: int) -> Result:
    """What traces add to an answer."""
    data_dir = work / "traced"
    _footnote(corpus, work, data_dir.name, None)
    return tracing(corpus.questions, data_dir, work, rounds)


def started(corpus: Corpus, work: Path, rounds: int) -> Result:
    """From a process's start to its first page and first answer."""
    data_dir = work / "started"
    _footnote(corpus, work, data_dir.name, None)
    return start(data_dir, work, corpus.questions[0], rounds)


def _footnote(corpus: Corpus, work: Path, name: str, passages: Path | None) -> Result:
    arguments = ["--corpus", str(corpus.folder), "--data-dir", str(work / name)]
    if passages is not None:
        arguments += ["--passages", str(passages)]
    return processes.measured("evals.bench.footnote", work, *arguments)


def _medians(runs: Sequence[Result]) -> Result:
    """The median of each number; what is no number is the last run's."""
    summary: Result = {}
    for key, last in runs[-1].items():
        values = [run[key] for run in runs]
        if isinstance(last, dict) and key == "seconds":
            summary[key] = {name: median(value[name] for value in values) for name in last}
        elif isinstance(last, int | float) and not isinstance(last, bool):
            summary[key] = median(values)
        else:
            summary[key] = last
    return summary


def _ratio(ours: Sequence[Result], theirs: Sequence[Result], key: str) -> float:
    return float(median(one[key] / other[key] for one, other in zip(ours, theirs, strict=True)))


def _processor() -> tuple[set[str], str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set(), platform.processor()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    known = {key.strip(): value.strip() for key, value in fields.items()}
    flags = known.get("flags", known.get("Features", ""))
    return set(flags.split()), known.get("model name", platform.processor())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
