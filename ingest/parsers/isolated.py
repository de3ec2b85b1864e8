"""Parsing in a process of its own, so that no file can hang or break the one that serves.

A parser library that loops, leaks or crashes on a hostile file costs one child process, which is
replaced; the file is reported with the reason.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers import check_size, detect, parse
from ingest.parsers.channel import Closed, receive, send
from ingest.parsers.limits import MIB, Limits
from ingest.parsers.packing import unpack

DEFAULT_TIMEOUT_S = 120.0
DEFAULT_MEMORY_MB = 3072
"""Address space of a child. Reading the largest sample takes 250 MB; a workbook of the size limit
takes about 2 GB."""

SIMPLE_MAX_BYTES = {
    **dict.fromkeys(("txt", "csv"), MIB),
    # Hostile nesting costs these parsers, and those of what stands within mail and notebooks, time
    # with the square of the file's size.
    **dict.fromkeys(("html", "rst", "md", "eml", "ipynb"), MIB // 8),
}
"""Format → size up to which a file is read in the calling process: sending it costs more."""


class ParserPool:
    """Parses files, the risky ones in child processes; safe to use from several threads.

    Args:
        workers: child processes at most; each is started when first needed.
        timeout_s: seconds that one file may take.
        memory_mb: address space that one child may use.
    """

    def __init__(
        self,
        workers: int = 1,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        memory_mb: int = DEFAULT_MEMORY_MB,
    ) -> None:
        self.timeout_s = timeout_s
        self.memory_mb = memory_mb
        # A LIFO keeps one child busy before it starts a second one.
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(None)
        self._workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all children; waits for those at work."""
        for _ in range(self._workers):
            child = self._idle.get()
            if child is not None:
                child.close()
        for _ in range(self._workers):
            self._idle.put(None)

    def parse(self, data: bytes, name: str, limits: Limits) -> ParsedDocument:
        """Like `ingest.parsers.parse`, within the pool's time and memory.

        Raises:
            UnreadableDocument: with the reason; also when time or memory ran out.
        """
        check_size(len(data), limits)
        if len(data) <= MIB and (
            not data or len(data) <= SIMPLE_MAX_BYTES.get(detect(data, name), -1)
        ):
            return parse(data, name, limits)
        return self.parse_in_child(data, name, limits)

    def parse_in_child(self, data: bytes, name: str, limits: Limits) -> ParsedDocument:
        """Like `parse`, whatever the format."""
        child = self._idle.get()
        try:
            if child is None or not child.alive:
                child = _Child(self.memory_mb)
            return child.parse(data, name, limits, self.timeout_s)
        except BaseException as error:
            # After a plain refusal the child is as good as new; after anything else it is not.
            if child is not None and not isinstance(error, UnreadableDocument):
                child.close()
            raise
        finally:
            self._idle.put(child if child is not None and child.alive else None)


def parse_isolated(
    data: bytes, name: str, limits: Limits, timeout_s: float = DEFAULT_TIMEOUT_S
) -> ParsedDocument:
    """One parse in a child process of its own.

    Raises:
        UnreadableDocument: with the reason; also when it took longer or needed too much memory.
    """
    check_size(len(data), limits)
    with ParserPool(1, timeout_s) as pool:
        return pool.parse_in_child(data, name, limits)


class _Child:
    """One parsing process and the socket to it."""

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._socket, theirs = socket.socketpair()
        paths = os.pathsep.join(path for path in sys.path if path)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [
                    sys.executable,
                    "-m",
                    __package__ + ".child",
                    str(theirs.fileno()),
                    str(memory_mb),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": paths},
                start_new_session=True,  # Ctrl-C is the parent's to handle; children die together
            )
        self.alive = True

    def parse(self, data: bytes, name: str, limits: Limits, timeout_s: float) -> ParsedDocument:
        deadline = time.monotonic() + timeout_s
        try:
            send(self._socket, data, pickle.dumps((name, limits)), deadline=deadline)
            status, answer = receive(self._socket, deadline)
        except TimeoutError as error:
            self.close()
            raise UnreadableDocument(
                f"Reading the file took longer than {timeout_s:g} s.",
                "Split it, or raise FOOTNOTE_PARSE_TIMEOUT_S.",
            ) from error
        except Closed as error:
            code = self.close()
            raise UnreadableDocument(
                "The file crashed the program that reads it"
                + (f", or needed more memory than {self._memory_mb:,} MB." if code else "."),
                "Open it in its program, save it again, and ingest the new copy.",
            ) from error
        if status == b"ok":
            return unpack(answer)
        detail, action = pickle.loads(answer)  # noqa: S301  # from our own child
        raise UnreadableDocument(detail, action)

    def close(self) -> int:
        """Ends the process and what it started; its exit code."""
        self.alive = False
        self._socket.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()
