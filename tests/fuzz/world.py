"""A server to fuzz: the real application with the sample documents, a stand-in for the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.fuzz.corpus import SAMPLES

QUESTIONS = ("What is the daily allowance for meals?", "Who won the chess championship?")


@dataclass(frozen=True)
class Fuzzed:
    """A running server, and names of things that exist on it, by the parameter that takes them."""

    url: str
    client: httpx.Client
    known: dict[str, tuple[str, ...]]
    log: Path
    """What the server says on standard error."""
    pid: int

    def cpu_s(self) -> float:
        """Processor seconds that the server has used: what others do meanwhile adds nothing."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def fuzzed_server(
    folder: Path, *, accounts: bool = False, database_url: str = ""
) -> Iterator[Fuzzed]:
    """A server with a few sample documents, answers, traces and an upload; its client may do all.

    ``accounts``: people sign in, and the client is an operator. ``database_url``: SQLite if empty.
    """
    log = folder / "server.log"
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", f"{__package__}.served"),
                *(str(folder), "on" if accounts else "off", database_url),
            ],
            stdout=subprocess.PIPE,
            stderr=said,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    try:
        assert process.stdout is not None
        said_first = process.stdout.readline()
        assert said_first, log.read_text()
        told = json.loads(said_first)
        url = told["url"]
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            if told["token"]:
                client.headers["cookie"] = f"footnote_sign_in={told['token']}"
            client.headers["sec-fetch-site"] = "same-origin"
            deadline = time.monotonic() + 60
            while client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline, "the server did not become ready"
                time.sleep(0.1)
            yield Fuzzed(url, client, _known(client), log, process.pid)
        assert process.poll() is None, f"the server ended: {log.read_text()[-3000:]}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def _samples() -> list[Path]:
    """The smallest sample of each format: every viewer is there, and ingest is quick."""
    smallest: dict[str, Path] = {}
    for path in sorted(SAMPLES.rglob("*"), key=lambda one: (one.stat().st_size, one.name)):
        if path.is_file():
            smallest.setdefault(path.suffix, path)
    return list(smallest.values())


def _known(client: httpx.Client) -> dict[str, tuple[str, ...]]:
    sent = [("files", (path.name, path.read_bytes())) for path in _samples()]
    uploaded = client.post("/api/v1/documents?wait=true", files=sent).json()
    answers: list[dict[str, Any]] = [
        client.post("/api/v1/ask", json={"question": question}).json() for question in QUESTIONS
    ]
    client.post(f"/api/v1/answers/{answers[0]['answer_id']}/feedback", json={"helpful": False})
    found = client.get("/api/v1/documents").json()["documents"]
    assert found, "nothing was ingested"
    documents = tuple(one["id"] for one in found)
    identities = tuple(answer["answer_id"] for answer in answers)
    traces = tuple(answer["trace_id"] for answer in answers)
    return {
        "document_id": documents,
        "document": documents,
        "answer_id": identities,
        "answer": identities,
        "thread": identities,
        "trace_id": traces,
        "batch_id": (uploaded["batch_id"],),
        "conversation_id": tuple(answer["conversation_id"] for answer in answers),
        "metric": ("acceptance", "rejection"),
        "table": ("metrics", "questions"),
        "name": ("sample", "README.md"),
        "run": ("sample",),
        "collection": ("documents",),
        "kind": ("md", "pdf"),
        "number": ("1", "2"),
        "model": ("footnote",),
    }
