"""Which precision and how many threads are quickest here: measured once, and remembered."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from app.knowledge.encoding.averaging import Averaging, TokenModel

log = logging.getLogger(__name__)

_WORTH_ROUNDING = 0.8
"""A gain under 20 % is not worth a precision's rounding."""
_WORTH_SHARING = 0.9
"""More threads must be 10 % quicker, else fewer leave cores to others."""
_MOST_FOR_A_QUERY = 4
_PASSAGE = "the quarterly report lists every water sensor by river and harbor " * 14
_QUESTION = "How many water sensors are there in the harbor by the river?"
_PER_CHUNK = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """``threads`` encode passages beside each other; ``query_threads`` share one question."""

    precision: str
    threads: int
    query_threads: int


def usual_pace(precision: str) -> Pace:
    """Without a trial: all the cores that torch may use."""
    cores = torch.get_num_threads()
    return Pace(precision, cores, min(cores, _MOST_FOR_A_QUERY))


def pace(
    name: str, file: Path | None, in_precision: Callable[[str], TokenModel], tokenizer: Any
) -> Pace:
    """What ``file`` remembers for this model, torch and processor, or else a trial finds.

    A trial takes one to three seconds. ``in_precision`` makes the model.
    """
    cores = torch.get_num_threads()
    chip = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{_cpu()} × {cores}"
    key = f"{name} torch-{torch.__version__} {platform.machine()} {chip}"
    known = _read(file)
    try:
        return Pace(**known[key])
    except (KeyError, TypeError):
        found = _trial(in_precision, tokenizer, cores)
    _write(file, known | {key: asdict(found)})
    return found


def _trial(in_precision: Callable[[str], TokenModel], tokenizer: Any, cores: int) -> Pace:
    precisions = ["float32", "bfloat16"] + ["float16"] * torch.cuda.is_available()
    chunk = [_PASSAGE] * _PER_CHUNK
    seconds = {}
    for precision in precisions:
        # In a worker, as sharing each product would time the machine's other work as well.
        one = Averaging(in_precision(precision), tokenizer, 1, 1)
        seconds[precision] = _best_of(4, lambda one=one: one.encode(chunk, [()] * len(chunk)))  # type: ignore[misc]
    quickest = min(precisions, key=seconds.__getitem__)
    gain = seconds[quickest] / seconds["float32"]
    precision = quickest if gain < _WORTH_ROUNDING else "float32"
    model = in_precision(precision)
    many = chunk * 2 * cores

    def passages(threads: int) -> float:
        encoder = Averaging(model, tokenizer, threads, 1)
        return _best_of(2, lambda: encoder.encode(many, [()] * len(many)))

    def question(threads: int) -> float:
        encoder = Averaging(model, tokenizer, 1, threads)
        return _best_of(8, lambda: encoder.encode_query(_QUESTION))

    threads = _fewest({n: passages(n) for n in {cores, -(-cores // 2), -(-cores // 4)}})
    query_threads = _fewest({n: question(n) for n in (1, 2, 4) if n <= cores})
    log.info(
        "embedding: %s, %d threads, %d for a question; seconds per pass: %s",
        precision, threads, query_threads, seconds,
    )  # fmt: skip
    return Pace(precision, threads, query_threads)


def _best_of(times: int, run: Callable[[], object]) -> float:
    """Seconds, after one more that pays for compiling kernels for this shape."""
    run()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def _fewest(seconds: dict[int, float]) -> int:
    best, *more = sorted(seconds)
    for threads in more:
        if seconds[threads] < _WORTH_SHARING * seconds[best]:
            best = threads
    return best


def _cpu() -> str:
    """Something that changes when the processor does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        flags = platform.processor()
    return hashlib.sha256(flags.encode()).hexdigest()[:12]


def _read(path: Path | None) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text())) if path else {}
    except (OSError, ValueError):
        return {}


def _write(path: Path | None, known: dict[str, Any]) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known, indent=1))
    except OSError:
        log.debug("could not remember the embedding pace in %s", path)
