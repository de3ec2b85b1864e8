"""Start the programs of the project, wait for them, end them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.plugins import forked


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and the file its output goes to."""

    process: subprocess.Popen[bytes] | forked.Forked
    log: Path

    def output(self) -> str:
        """All that it said until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self, how: signal.Signals, within: float = 15) -> int:
        """Send a signal and give the exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=within)


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Program]:
    """Run a command with its output in ``log``; whatever happens, it and its children are ended."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd or log.parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Program(process, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def running_forked(
    arguments: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    cwd: Path,
    entry: forked.Entry = forked.cli,
) -> Iterator[Program]:
    """`running` for the command, or another of ours, where its start is not the point."""
    log.write_bytes(b"")
    process = forked.Forked(
        arguments, {**os.environ, **environment}, cwd, [Path(os.devnull), log, log], entry
    )
    try:
        yield Program(process, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # where it had not become a group's leader yet
        process.wait()


def wait_until(
    true: Callable[[], bool], program: Program, within: float = 90, pause: float = 0.1
) -> float:
    """Seconds until ``true()``; fails with the program's output when it ends or takes too long."""
    started = time.monotonic()
    while not true():
        assert program.process.poll() is None, f"it ended:\n{program.output()}"
        assert time.monotonic() - started < within, f"not within {within} s:\n{program.output()}"
        time.sleep(pause)
    return time.monotonic() - started


def status(url: str) -> int:
    """The HTTP status of a page; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def get_json(url: str, body: object = None) -> Any:
    """A JSON answer; with a body, of a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)
