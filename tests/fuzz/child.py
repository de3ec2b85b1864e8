"""The process that reads damaged files, one after the other, and says how each went.

Run as ``python -m tests.fuzz.child FD MEMORY_MB``. What it can't say (a crash, a hang, memory over
the limit that kills) its parent sees.
"""

from __future__ import annotations

import contextlib
import faulthandler
import pickle
import re
import resource
import socket
import sys
import time
import traceback
from pathlib import Path

from app.errors import UnreadableDocument
from ingest.parsers import Limits, detect, parse
from ingest.parsers.channel import Closed, receive, send
from tests.fuzz.contract import Broken, check, check_refusal

LIMITS = Limits(max_bytes=8 << 20, max_unpacked_bytes=64 << 20, max_chars=2_000_000)
PEAK = re.compile(r"VmHWM:\s+(\d+)")


def main() -> None:
    """Serves the socket given on the command line."""
    descriptor, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    connection = socket.socket(fileno=descriptor)
    with contextlib.suppress(Closed), connection:
        while True:
            data, name = receive(connection)
            _reset_peak()
            started = time.process_time()
            outcome, words = _read(data, pickle.loads(name))  # from our parent
            spent = time.process_time() - started
            send(connection, pickle.dumps((outcome, words, spent, _peak_mb())), b"")


def _read(data: bytes, name: str) -> tuple[str, str]:
    """``parsed``, ``refused`` or ``finding``, and words for it."""
    try:
        try:
            document = parse(data, name, LIMITS)
        except UnreadableDocument as refusal:
            if isinstance(refusal.__cause__, MemoryError):
                return "finding", "MemoryError"
            check_refusal(refusal, _kind(data, name))
            return "refused", refusal.detail
        check(document)
    except Broken as broken:
        return "finding", str(broken)
    except BaseException as error:  # noqa: BLE001  # whatever it is, it should not have come out
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno} {place.name}"
        return "finding", f"{type(error).__name__} came out of {where}"
    return "parsed", document.kind


def _kind(data: bytes, name: str) -> str:
    with contextlib.suppress(UnreadableDocument):
        return detect(data, name)
    return ""


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    """The most memory held at once since the last reset, in MB; 0 where the system doesn't say."""
    with contextlib.suppress(OSError):
        found = PEAK.search(Path("/proc/self/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


if __name__ == "__main__":
    main()
