"""Runs contenders as processes of their own, with the same surroundings for each."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.errors import FootnoteError
from evals.bench.measuring import THREAD_VARIABLES

ROOT = Path(__file__).resolve().parents[2]
_NOT_COMPILED = "PYTHONDONTWRITEBYTECODE"
_START_S = 180
_STOP_S = 20


class ContenderFailed(FootnoteError):
    """A contender's process ended badly; the end of what it said is in the message."""

    title = "A contender failed"


def environment(**more: str) -> dict[str, str]:
    """Ours without settings and thread limits, so that each contender runs with its defaults.

    Importing the product limits BLAS threads for this process; children must not inherit that.
    Modules are compiled once, as installing a package does; where Python may not keep what it
    compiled, every process would spend two seconds on that.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FOOTNOTE_") and name not in (*THREAD_VARIABLES, _NOT_COMPILED)
    }
    path = os.pathsep.join(part for part in (str(ROOT), kept.get("PYTHONPATH")) if part)
    return kept | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": path} | more


def measured(
    module: str, work: Path, *arguments: str, python: str = sys.executable
) -> dict[str, Any]:
    """Run ``python -m module`` and read the result that it leaves.

    Raises:
        ContenderFailed: it ended badly.
    """
    result = work / "result.json"
    result.unlink(missing_ok=True)
    command(["-m", module, *arguments, "--result", str(result)], work, python=python)
    data: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return data


def command(
    arguments: Sequence[str], work: Path, *, python: str = sys.executable, **variables: str
) -> float:
    """Run Python with ``arguments`` in ``work``; gives the seconds it took, start to end.

    Raises:
        ContenderFailed: it ended badly.
    """
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603  # our own programs
        [python, *arguments],
        cwd=work,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise _failed(arguments, done.returncode, done.stderr)
    return seconds


class Blocks:
    """A process that answers blocks of questions and says how long each took, in its own clock."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.facts: dict[str, Any] = {}

    def ask(self, questions: Sequence[str]) -> list[float]:
        """Milliseconds for each question."""
        assert self._process.stdin is not None  # noqa: S101  # opened as a pipe
        self._process.stdin.write(json.dumps(list(questions)) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._line())
        self.facts = reply["facts"]
        return list(reply["ms"])

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            raise ContenderFailed("A contender ended before it answered.", "See its output above.")
        return line

    def wait_until_ready(self) -> None:
        """Returns once the process has said so."""
        self._line()


@contextmanager
def blocks(
    module: str, work: Path, *arguments: str, python: str = sys.executable
) -> Iterator[Blocks]:
    """A process of ``module`` that serves blocks, ready; it ends with the context."""
    process = subprocess.Popen(  # noqa: S603  # our own programs
        [python, "-m", module, *arguments],
        cwd=work,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        serving = Blocks(process)
        serving.wait_until_ready()
        yield serving
    finally:
        if process.stdin is not None:
            process.stdin.close()
        _end(process)


class Server:
    """Footnote's server as users run it, asked over a connection that stays open for a block."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.ready_s = 0.0
        self.peak_rss_mb: float | None = None

    def wait_until_ready(self) -> None:
        """Returns when `/readyz` says so.

        Raises:
            ContenderFailed: it ended, or took more than three minutes.
        """
        started = time.perf_counter()
        while time.perf_counter() - started < _START_S:
            if self._process.poll() is not None:
                raise ContenderFailed("The server ended at its start.", "Run `footnote serve`.")
            try:
                if self._send("GET", "/readyz")[0] == http.client.OK:
                    self.ready_s = time.perf_counter() - started
                    return
            except OSError:
                self._connection.close()
            time.sleep(0.05)
        raise ContenderFailed("The server is not ready after 3 minutes.", "Run `footnote serve`.")

    def ask(self, questions: Sequence[str]) -> list[float]:
        """Milliseconds of ``POST /api/v1/ask`` for each question."""
        self._connect()
        return [
            self._timed("POST", "/api/v1/ask", json.dumps({"question": text}).encode(), "state")
            for text in questions
        ]

    def search(self, questions: Sequence[str], k: int) -> list[float]:
        """Milliseconds of ``GET /api/v1/search`` for each question."""
        self._connect()
        return [
            self._timed("GET", f"/api/v1/search?k={k}&q={quote(text)}", None, "results")
            for text in questions
        ]

    def _connect(self) -> None:
        """A fresh connection, for the server closes one that is idle while others are measured."""
        self._connection.close()
        self._timed("GET", "/healthz", None, "status")

    def _timed(self, method: str, path: str, body: bytes | None, key: str) -> float:
        started = time.perf_counter()
        try:
            status, data = self._send(method, path, body)
        except OSError as error:
            raise ContenderFailed(
                f"The server broke off: {error}.", "Run `footnote serve` and see what it says."
            ) from error
        milliseconds = (time.perf_counter() - started) * 1000
        if status != http.client.OK or key not in json.loads(data):
            raise ContenderFailed(
                f"{method} {path.partition('?')[0]} answered {status}: {data[:300]!r}.",
                "Ask the same question in the browser.",
            )
        return milliseconds

    def _send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """Note how much memory it had at its peak; its process is ended by who started it."""
        self._connection.close()
        if self._process.poll() is None:
            self.peak_rss_mb = _peak_mb(self._process.pid)


@contextmanager
def started(data_dir: Path, work: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """``footnote serve`` on a free port of loopback, just started; it ends with the context."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603  # our own programs
        [sys.executable, "-m", "app.cli", "serve", "--host", "127.0.0.1", "--port", str(port)],
        cwd=work,
        env=environment(FOOTNOTE_DATA_DIR=str(data_dir), FOOTNOTE_LOG_LEVEL="warning"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, port
    finally:
        _end(process)


@contextmanager
def server(data_dir: Path, work: Path) -> Iterator[Server]:
    """``footnote serve`` on a free port of loopback, ready; it ends with the context."""
    with started(data_dir, work) as (process, port):
        running = Server(process, port)
        try:
            running.wait_until_ready()
            yield running
        finally:
            running.close()


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _peak_mb(pid: int) -> float | None:
    """Peak resident memory of a running process; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("VmHWM")), None)
    return int(kilobytes) / 1024 if kilobytes else None


def _failed(arguments: Sequence[str], code: int, said: str) -> ContenderFailed:
    end = " ".join(said.strip().splitlines()[-3:])[-600:]
    return ContenderFailed(
        f"`python {' '.join(arguments[:3])} …` ended with {code}: {end}",
        "The bench extra must be installed: `make setup-dev`.",
    )
