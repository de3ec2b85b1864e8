"""Questions from many clients at once, and how soon a stream shows the first of its answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

_TIMEOUT_S = 60


def under_load(port: int, questions: Sequence[str], clients: int, seconds: float) -> dict[str, Any]:
    """``clients`` ask without pause for ``seconds``: questions/s, p50 and p95 in ms, errors.

    Each goes through all questions from a place of its own.
    """
    taken: list[float] = []
    errors: list[str] = []
    begins = time.perf_counter() + 0.2
    ends = begins + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        at = number * len(questions) // clients
        time.sleep(max(0.0, begins - time.perf_counter()))
        while time.perf_counter() < ends:
            started = time.perf_counter()
            try:
                status, _ = _ask(connection, questions[at % len(questions)])
            except OSError as error:
                errors.append(type(error).__name__)
                connection.close()
                continue
            if status == http.client.OK:
                taken.append((time.perf_counter() - started) * 1000)
            else:
                errors.append(str(status))
            at += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What was under way at the end is answered after it: the time is taken to the last answer.
    whole = time.perf_counter() - begins
    return {
        "clients": clients,
        "seconds": whole,
        "questions": len(taken),
        "questions_per_s": len(taken) / whole,
        "p50_ms": float(np.quantile(taken, 0.5)) if taken else None,
        "p95_ms": float(np.quantile(taken, 0.95)) if taken else None,
        "errors": len(errors),
        "kinds_of_errors": sorted(set(errors)),
    }


def first_content(port: int, questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds from asking to the event that first shows something of the answer."""
    taken = []
    for question in questions:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        started = time.perf_counter()
        body = json.dumps({"question": question})
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        connection.request("POST", "/api/v1/ask", body, headers)
        response = connection.getresponse()
        for line in response:
            if line.strip() in (b"event: drafted", b"event: finished"):
                taken.append((time.perf_counter() - started) * 1000)
                break
        connection.close()
    return {"p50_ms": float(np.quantile(taken, 0.5)), "p95_ms": float(np.quantile(taken, 0.95))}


def _ask(connection: http.client.HTTPConnection, question: str) -> tuple[int, bytes]:
    body = json.dumps({"question": question})
    connection.request("POST", "/api/v1/ask", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()
