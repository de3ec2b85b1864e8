"""The end of a process while threads are still at work."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave(code: str | int | None = None) -> NoReturn:
    """End the process with this code, also while a thread loads a model or reads a file.

    ``code`` as for `sys.exit`, which this is where no daemon thread is left. Python's own end lets
    such threads die wherever they next ask for the interpreter; where that is beneath C++ (torch,
    the indexes), C++ calls it a crash and aborts. So the process ends without it, logs written.
    """
    own = threading.current_thread()
    if not any(one.daemon for one in threading.enumerate() if one is not own):
        sys.exit(code)
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it went away
            stream.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)
