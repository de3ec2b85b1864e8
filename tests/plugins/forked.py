"""The `footnote` command, and other programs, forked from a process that has imported everything.

Importing torch, the indexes and the rest takes most of a short command's time, and four seconds of
a server's start. What is forked is a process of its own all the same: with arguments, environment,
streams and an exit code, and without anything that another one left. What tests say about a start
itself belongs into a new interpreter.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path

BEFOREHAND = [
    *("torch", "chromadb", "chromadb_rust_bindings", "tantivy", "alembic", "sqlalchemy.orm"),
    *("app.cli", "app.server", "app.bootstrap", "app.requests", "app.api.schemas"),
    *("app.terminal.output", "app.terminal.progress", "app.terminal.status"),
    *("app.terminal.people", "app.telemetry", "app.records.lock", "app.knowledge.embedder"),
    *("ingest.pipeline", "ingest.websites", "tests.knowledge.killing"),
    # A server's:
    *("app.main", "app.terminal.serving", "app.telemetry.export", "app.telemetry.workflows"),
    *("app.knowledge.encoding.general", "app.knowledge.chroma", "app.knowledge.health"),
    *("app.knowledge.lexical_index", "ingest.worker", "tokenizers", "safetensors.torch"),
    *("chromadb.api.rust", "uvloop", "uvicorn.protocols.http.httptools_impl"),
    *("uvicorn.protocols.websockets.websockets_sansio_impl", "anyio._backends._asyncio"),
    *("tests.faults.world", "tests.knowledge.world", "tests.replay.server"),
]
Entry = Callable[[], object]
"""What a program does, from its `sys.argv`; a function at the top of a module."""


def cli() -> None:
    """The `footnote` command."""
    from app.cli import main

    main()


@cache
def forking() -> ForkServerContext:
    """Processes of this context have imported `BEFOREHAND`; one server forks them all."""
    context = get_context("forkserver")
    context.set_forkserver_preload(BEFOREHAND)
    return context


class Forked:
    """A program that runs; it has of `subprocess.Popen` what tests ask for."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path,
        streams: Sequence[Path],
        entry: Entry = cli,
    ) -> None:
        """``streams``: the files of its standard input, output and errors. It leads a group."""
        self._process = forking().Process(
            target=_become,
            args=(entry, list(arguments), dict(environment), cwd, list(streams)),
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """As `poll` gives it."""
        return self.poll()

    def poll(self) -> int | None:
        """The exit code, of a signal negative; None: it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout`` seconds.
        """
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("a forked program", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """To this process alone."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """TERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """The signal that nothing can catch."""
        self.send_signal(signal.SIGKILL)


def footnote(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path,
    given: str = "",
    timeout: float = 240,
    entry: Entry = cli,
) -> subprocess.CompletedProcess[str]:
    """Run ``footnote …`` to its end. ``given``: its standard input.

    Raises:
        subprocess.TimeoutExpired: it has not ended within ``timeout`` seconds, and was killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        for stream in streams:
            stream.write_text(given if stream.name == "stdin" else "")
        program = Forked(arguments, environment, cwd, streams, entry)
        try:
            code = program.wait(timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            raise
        out, complaints = (
            stream.read_text(encoding="utf-8", errors="surrogateescape") for stream in streams[1:]
        )
        return subprocess.CompletedProcess(["footnote", *arguments], code, out, complaints)


def _become(
    entry: Entry,
    arguments: list[str],
    environment: dict[str, str],
    cwd: Path,
    streams: list[Path],
) -> None:
    """In the new process: be the program."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for number, path in enumerate(streams):
        # Output and errors may be one file: neither writes over what the other wrote.
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False, encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False, encoding="utf-8")
    sys.argv = ["footnote", *arguments]
    entry()
