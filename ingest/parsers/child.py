"""The parsing process: reads files that its parent sends, until the parent is gone.

Started by `ingest.parsers.isolated` as ``python -m ingest.parsers.child FD MEMORY_MB``. It imports
a format's libraries when the first file of that format comes, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import sys
import threading
import time

from app.errors import FootnoteError
from ingest.parsers import parse
from ingest.parsers.channel import Closed, receive, send
from ingest.parsers.packing import pack

PARENT_CHECK_SECONDS = 1.0


def main() -> None:
    """Serves the socket given on the command line."""
    descriptor, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    _limit_memory(memory_mb)
    # What a library prints is nobody's business, and must not fill a pipe.
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # the null device
        os.dup2(nowhere.fileno(), 1)
    connection = socket.socket(fileno=descriptor)
    with contextlib.suppress(Closed), connection:
        while True:
            data, request = receive(connection)
            name, limits = pickle.loads(request)  # noqa: S301  # from our parent
            send(connection, *_answer(data, name, limits, memory_mb))


def _answer(data: bytes, name: str, limits: object, memory_mb: int) -> tuple[bytes, bytes]:
    try:
        return b"ok", pack(parse(data, name, limits))  # type: ignore[arg-type]  # pickled Limits
    except MemoryError:
        return b"error", pickle.dumps(_too_much(memory_mb))
    except FootnoteError as error:
        if isinstance(error.__cause__, MemoryError):
            return b"error", pickle.dumps(_too_much(memory_mb))
        return b"error", pickle.dumps((error.detail, error.action))


def _too_much(memory_mb: int) -> tuple[str, str]:
    return (
        f"Reading the file needed more memory than {memory_mb:,} MB.",
        "Split it into smaller files.",
    )


def _limit_memory(memory_mb: int) -> None:
    try:
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return  # systems without it rely on the time limit


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
