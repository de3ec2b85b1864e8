"""What a process and its children hold, read from /proc, and whether it grows."""

from __future__ import annotations

import contextlib
import math
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

OWN = re.compile(r"^(?:RssAnon|RssShmem|VmSwap):\s+(\d+)", re.MULTILINE)
THREADS = re.compile(r"^Threads:\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Reading:
    """One look at the server."""

    at: float
    """Seconds since the first one."""
    memory_mb: float
    """What the server's own process holds and no file on disk backs, in MB."""
    children_mb: float
    """The same of the processes that it started: parsers."""
    files: int
    """Open handles that are not sockets: files, pipes, event queues."""
    sockets: int
    threads: int
    done: int
    """Requests answered so far."""


class Meter:
    """Looks every ``every_s`` seconds, in a thread, until closed."""

    def __init__(self, pid: int, done: Any, every_s: float = 2.0) -> None:
        self.readings: list[Reading] = []
        self._pid = pid
        self._done = done
        self._every_s = every_s
        self._stopped = threading.Event()
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            with contextlib.suppress(OSError):
                self.readings.append(self.look())

    def look(self) -> Reading:
        """The process as it is now.

        Raises:
            OSError: it is gone.
        """
        handles = handles_of(self._pid)
        sockets = sum(count for name, count in handles.items() if name == "socket")
        return Reading(
            at=time.monotonic() - self._started,
            memory_mb=memory_mb(self._pid),
            children_mb=sum(memory_mb(child) for child in children_of(self._pid)),
            files=handles.total() - sockets,
            sockets=sockets,
            threads=threads_of(self._pid),
            done=self._done(),
        )


def memory_mb(pid: int) -> float:
    """Memory that no file on disk backs, swapped out or not; 0 for a process that is gone.

    Not its proportional set size: that counts more of a mapped library the fewer other processes
    use it (measured: 30 MB up and down while tests came and went), and what was read of a mapped
    database.
    """
    with contextlib.suppress(OSError):
        found = OWN.findall(Path(f"/proc/{pid}/status").read_text())
        return sum(int(kilobytes) for kilobytes in found) / 1024
    return 0.0


def threads_of(pid: int) -> int:
    """Its threads."""
    found = THREADS.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0


def handles_of(pid: int) -> Counter[str]:
    """Its open handles by what they are: ``socket``, ``pipe``, ``anon_inode``, or a file's path."""
    kinds: Counter[str] = Counter()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            target = Path(entry.path).readlink()
            kinds[str(target).partition(":")[0]] += 1
    return kinds


def children_of(pid: int) -> Iterator[int]:
    """Processes that it started, and those that they did."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from children_of(int(child))


# --- growth --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Growth:
    """How a number moved over a run, by the straight line nearest to its readings.

    Every bend counts: also a late step, as of a table that doubles, moves the line's end. What one
    reading alone says does not: each is the median of itself and the two on either side.
    """

    name: str
    start: float
    end: float
    error: float
    """Standard error of the growth, as a share of the start."""

    @property
    def share(self) -> float:
        """The line's rise, as a share of where it begins."""
        return (self.end - self.start) / self.start if self.start else 0.0


def growth(name: str, readings: Sequence[Reading], warm_up_s: float) -> Growth:
    """The growth of a field of the readings after the warm-up.

    Raises:
        ValueError: fewer than ten readings are left.
    """
    kept = [reading for reading in readings if reading.at >= warm_up_s]
    if len(kept) < 10:
        raise ValueError(f"{len(kept)} readings after the warm-up: too few for a line.")
    times = [reading.at for reading in kept]
    raw = [float(getattr(reading, name)) for reading in kept]
    values = [median(raw[max(0, n - 2) : n + 3]) for n in range(len(raw))]
    middle, level = fmean(times), fmean(values)
    spread = sum((at - middle) ** 2 for at in times)
    pairs = zip(times, values, strict=True)
    slope = sum((at - middle) * (value - level) for at, value in pairs) / spread
    start = level + slope * (times[0] - middle)
    end = level + slope * (times[-1] - middle)
    off = sum(
        (value - level - slope * (at - middle)) ** 2 for at, value in zip(times, raw, strict=True)
    )
    error = math.sqrt(off / (len(kept) - 2) / spread) * (times[-1] - times[0])
    return Growth(name, start, end, error / start if start else 0.0)


def grown_handles(name: str, readings: Sequence[Reading], warm_up_s: float) -> tuple[float, float]:
    """The median count in the first and in the last fifth of the run.

    Handles and threads are few and come and go: a line through them says little, their usual number
    at both ends says whether some are left behind.
    """
    kept = [float(getattr(reading, name)) for reading in readings if reading.at >= warm_up_s]
    fifth = max(1, len(kept) // 5)
    return median(kept[:fifth]), median(kept[-fifth:])


def as_json(readings: Sequence[Reading]) -> list[dict[str, float]]:
    """The readings as plain numbers."""
    return [
        {name: round(float(value), 2) for name, value in asdict(one).items()} for one in readings
    ]
