"""Footnote beside LangChain, LlamaIndex, Haystack and txtai in one run: ingest, then questions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from app.errors import NotFound
from evals.bench import processes
from evals.bench.corpus import Corpus
from evals.bench.turns import order, take_turns

Result = dict[str, Any]
VENVS = processes.ROOT / ".venv-peers"
K = 4


@dataclass(frozen=True, slots=True)
class Peer:
    """A program of ours around somebody's toolkit; ``venv`` empty: it runs in our environment."""

    name: str
    module: str
    venv: str = ""

    @property
    def python(self) -> str:
        """The interpreter that has what it needs.

        Raises:
            NotFound: its environment was not made.
        """
        if not self.venv:
            return sys.executable
        found = VENVS / self.venv / "bin" / "python"
        if not found.is_file():
            raise NotFound(
                f"{self.name} is not installed.",
                "Run `make peers` once: it makes an environment for each, outside the lock.",
            )
        return str(found)


PEERS = (
    Peer("LangChain + Chroma", "evals.bench.quickstart"),
    Peer("LlamaIndex", "evals.bench.peers.llamaindex", "llamaindex"),
    Peer("Haystack", "evals.bench.peers.haystack_ai", "haystack"),
    Peer("txtai", "evals.bench.peers.txtai_embeddings", "txtai"),
)


def peers(corpus: Corpus, work: Path, rounds: int) -> Result:
    """Tokens a second of an ingest, and how long questions take, for each contender.

    Footnote is asked over HTTP, as users have it; the toolkits search inside their own process,
    as their tutorials do. Ratios are made within a round and their median is given.

    Raises:
        NotFound: a peer's environment was not made.
        ContenderFailed: one ended badly.
    """
    for peer in PEERS:
        _ = peer.python
    turns = [_turn(corpus, work, turn) for turn in range(rounds)]
    names = list(turns[0]["ingest"])
    asked = list(turns[0]["ms"])
    return {
        "ingest": {
            name: {
                key: median(float(turn["ingest"][name][key]) for turn in turns)
                for key in ("passages", "tokens_per_passage", "tokens_per_s", "peak_rss_mb")
            }
            for name in names
        },
        "ms": {
            name: {q: median(turn["ms"][name][q] for turn in turns) for q in ("p50", "p95")}
            for name in asked
        },
        "footnote ÷ peer, tokens/s": {
            name: median(
                turn["ingest"]["Footnote"]["tokens_per_s"] / turn["ingest"][name]["tokens_per_s"]
                for turn in turns
            )
            for name in names
            if name != "Footnote"
        },
        "answer ÷ peer's search, p50": {
            peer.name: median(
                turn["ms"]["Footnote, answer"]["p50"] / turn["ms"][peer.name]["p50"]
                for turn in turns
            )
            for peer in PEERS
        },
        "rounds": turns,
    }


def _turn(corpus: Corpus, work: Path, turn: int) -> Result:
    data_dir = work / f"peers-{turn}" / "footnote"
    stores = {peer.name: work / f"peers-{turn}" / peer.module for peer in PEERS}

    def footnote() -> Result:
        arguments = ["--corpus", str(corpus.folder), "--data-dir", str(data_dir)]
        return processes.measured("evals.bench.footnote", work, *arguments)

    def ingested(peer: Peer) -> Result:
        arguments = ["ingest", "--corpus", str(corpus.folder), "--store", str(stores[peer.name])]
        return processes.measured(peer.module, work, *arguments, python=peer.python)

    ingests: dict[str, Callable[[], Result]] = {"Footnote": footnote}
    ingests |= {peer.name: partial(ingested, peer) for peer in PEERS}
    ingest = {name: ingests[name]() for name in order(list(ingests), turn)}
    with ExitStack() as stack:
        server = stack.enter_context(processes.server(data_dir, work))
        contenders: dict[str, Callable[[Sequence[str]], list[float]]] = {
            "Footnote, answer": server.ask,
            "Footnote, search": lambda block: server.search(block, K),
        }
        for peer in PEERS:
            serve = ("serve", "--store", str(stores[peer.name]))
            running = stack.enter_context(
                processes.blocks(peer.module, work, *serve, python=peer.python)
            )
            contenders[peer.name] = running.ask
        ms = take_turns(corpus.questions, contenders, turn)
    return {"ingest": {name: ingest[name] for name in ingests}, "ms": ms}
