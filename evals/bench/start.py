"""How long after the process starts there is a page, and an answer."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from evals.bench import processes

Result = dict[str, Any]
_PAUSE_S = 0.005
"""Between two looks; what is measured is no finer."""
_MOST_S = 180.0
_OWN_PAGE = b"<main"
"""Only the app's own pages have it; the notice shown while it is being imported does not."""


def start(data_dir: Path, work: Path, question: str, rounds: int) -> Result:
    """Seconds from starting `footnote serve` to its first page, its own page, its first answer.

    Files that were read before are in the system's cache, as they are where a server is restarted.

    Raises:
        ContenderFailed: the server ended, or does not answer.
    """
    turns = [_turn(data_dir, work, question) for _ in range(rounds)]
    return {
        "seconds": {key: median(turn[key] for turn in turns) for key in turns[0]},
        "rounds": turns,
    }


def _turn(data_dir: Path, work: Path, question: str) -> Result:
    with processes.started(data_dir, work) as (process, port):
        began = time.perf_counter()  # a process is there within a millisecond of `Popen`

        def until(happened: Callable[[], bool]) -> float:
            while time.perf_counter() - began < _MOST_S:
                if process.poll() is not None:
                    raise processes.ContenderFailed("The server ended.", "Run `footnote serve`.")
                try:
                    if happened():
                        return time.perf_counter() - began
                except (OSError, http.client.HTTPException):
                    pass
                time.sleep(_PAUSE_S)
            raise processes.ContenderFailed("The server is silent.", "Run `footnote serve`.")

        body = json.dumps({"question": question})
        return {
            "first_page": until(lambda: _answer(port, "GET", "/")[0] == http.client.OK),
            "own_page": until(lambda: _OWN_PAGE in _answer(port, "GET", "/")[1]),
            "first_answer": until(
                lambda: _answer(port, "POST", "/api/v1/ask", body)[0] == http.client.OK
            ),
        }


def _answer(port: int, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Accept": "text/html", "User-Agent": f"footnote-bench/{os.getpid()}"}
    if body is not None:
        headers |= {"Content-Type": "application/json", "Accept": "application/json"}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
