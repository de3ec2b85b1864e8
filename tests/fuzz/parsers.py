"""Damaged files through every parser: the first half of ``make fuzz``.

Each file is read in a process of its own with bounded memory and time, so that a crash, a hang or
a hog is one finding, and the fuzzing goes on. A finding's file is kept, with fewer changes where
fewer do.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from app.errors import UnreadableDocument
from ingest.parsers import detect
from ingest.parsers.channel import Closed, receive, send
from ingest.parsers.isolated import SIMPLE_MAX_BYTES
from ingest.parsers.limits import MIB
from tests.fuzz.inputs import Damaged, damaged

MEMORY_MB = 1024
"""Address space of the reading process; mutated files have at most 1 MiB."""
PEAK_MB = 512
SLOW_S = 5.0
"""CPU seconds for a file that the product reads in the serving process, where nothing ends it."""
HANG_S = 60.0
"""CPU seconds for any other; the product's own limit, which ends its parsing process, is 120 s."""


@dataclass(frozen=True)
class Result:
    """How reading one file went; ``outcome`` is parsed, refused or finding."""

    outcome: str
    words: str
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Finding:
    """What should not have happened, and the file that made it happen."""

    words: str
    story: str
    data: bytes
    name: str


@dataclass
class Tally:
    """One format's run."""

    kind: str
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    peak_mb: float = 0.0

    @property
    def inputs(self) -> int:
        """Files read."""
        return self.outcomes.total()


def in_process(data: bytes, name: str) -> bool:
    """True where the product reads a file without a process of its own."""
    if len(data) > MIB:
        return False
    try:
        return len(data) <= SIMPLE_MAX_BYTES.get(detect(data, name), -1)
    except UnreadableDocument:
        return True


class Reader:
    """The reading process; started again when a file ended it."""

    def __init__(self, memory_mb: int = MEMORY_MB) -> None:
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def read(self, data: bytes, name: str) -> Result:
        """Parses and checks one file."""
        started = time.monotonic()
        try:
            connection = self._connection()
            before = self._cpu_s()
            send(connection, data, pickle.dumps(name))
            # Processor seconds: a machine with other work on it is no hang.
            while not select.select([connection], [], [], 0.5)[0]:
                if self._cpu_s() - before > HANG_S:
                    self.close()
                    return Result("finding", f"longer than {HANG_S:g} s", HANG_S, 0)
            answer, _ = receive(connection)
        except Closed:
            status = self.close()
            spent = time.monotonic() - started
            return Result("finding", f"the process ended with {_status(status)}", spent, 0)
        result = Result(*pickle.loads(answer))  # from our own child
        limit = SLOW_S if in_process(data, name) else HANG_S
        if result.outcome != "finding" and result.seconds > limit:
            return Result("finding", f"took over {limit:g} s", result.seconds, result.peak_mb)
        if result.outcome != "finding" and result.peak_mb > PEAK_MB:
            return Result("finding", f"took over {PEAK_MB} MB", result.seconds, result.peak_mb)
        return result

    def close(self) -> int:
        """Ends the process; its status."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is None:
            return 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._process.kill()
        status = self._process.wait()
        self._process = None
        return status

    def _cpu_s(self) -> float:
        """What the process has used so far; all the time there is for one that is gone."""
        assert self._process is not None
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return math.inf
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", f"{__package__}.child"),
                        *(str(theirs.fileno()), str(self._memory_mb)),
                    ],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={
                        **os.environ,
                        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                        "MALLOC_ARENA_MAX": "2",
                    },
                )
        return self._socket


def fuzz(kind: str, count: int, number: int) -> Tally:
    """``count`` damaged files of one format; the same ``number`` draws the same ones."""
    tally = Tally(kind)
    reader = Reader()

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(kind))
    def run(file: Damaged) -> None:
        data = file.data
        result = reader.read(data, file.name)
        tally.outcomes[result.outcome] += 1
        tally.slowest = max(tally.slowest, (result.seconds, file.story))
        tally.peak_mb = max(tally.peak_mb, result.peak_mb)
        if result.outcome == "refused":
            tally.refusals[result.words] += 1
        elif result.outcome == "finding" and result.words not in tally.findings:
            small = _smaller(file, result, reader)
            tally.findings[result.words] = Finding(result.words, small.story, small.data, file.name)

    try:
        run()
    finally:
        reader.close()
    return tally


def _smaller(file: Damaged, result: Result, reader: Reader) -> Damaged:
    """The file with as few changes as still do it."""
    if result.words.startswith("longer"):  # each try would take a minute
        return file
    place = 0
    while place < len(file.steps):
        less = file.without(place)
        if reader.read(less.data, less.name).words == result.words:
            file = less
        else:
            place += 1
    return file


def _status(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


HEADER = "format  inputs  parsed  refused  findings  slowest (CPU s)  peak memory (MB)"


def row(tally: Tally) -> str:
    """One format's run as a line."""
    return (
        f"{tally.kind:<6}  {tally.inputs:>6,}  {tally.outcomes['parsed']:>6,}"
        f"  {tally.outcomes['refused']:>7,}  {len(tally.findings):>8}  {tally.slowest[0]:>15.2f}"
        f"  {tally.peak_mb:>16.0f}"
    )


def together(tallies: Sequence[Tally]) -> Tally:
    """All formats' runs as one; its findings numbered."""
    whole = Tally("all")
    for tally in tallies:
        whole.outcomes += tally.outcomes
        whole.findings |= {f"{tally.kind} {words}": one for words, one in tally.findings.items()}
        whole.slowest = max(whole.slowest, tally.slowest)
        whole.peak_mb = max(whole.peak_mb, tally.peak_mb)
    return whole


def keep(tally: Tally, folder: Path) -> list[str]:
    """Writes each finding's file; a line for each."""
    said = []
    for number, finding in enumerate(tally.findings.values(), 1):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{tally.kind}-{number}.bin"
        path.write_bytes(finding.data)
        said.append(f"{path} ({len(finding.data):,} bytes): {finding.words}\n  {finding.story}")
    return said


def fuzz_all(
    formats: Sequence[str], count: int, number: int, jobs: int, folder: Path, refusals: bool
) -> list[str]:
    """``count`` files over all ``formats``, printed as a table; a line for each finding."""
    each = -(-count // len(formats))
    tallies: list[Tally] = []
    said: list[str] = []
    print(HEADER, flush=True)
    with ProcessPoolExecutor(jobs) as pool:
        for tally in pool.map(fuzz, formats, [each] * len(formats), [number] * len(formats)):
            print(row(tally), flush=True)
            tallies.append(tally)
            said += keep(tally, folder)
    whole = together(tallies)
    print(row(whole))
    print(f"slowest: {whole.slowest[1]}")
    if refusals:
        for tally in tallies:
            for words, times in tally.refusals.most_common(25):
                print(f"{tally.kind} {times:>6,} {words[:160]!r}")
    return said
