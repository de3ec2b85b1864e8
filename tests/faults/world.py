"""What the fault tests share: a real ingest and a real server as processes, with a quick embedder.

Only the embedding model is a small stand-in: loading the real one takes ten seconds, and faults do
not concern it. `program` is what runs: ``footnote serve|ingest|doctor …``, each time a process of
its own, forked from one that has imported everything.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.plugins import forked

ROOT = Path(__file__).resolve().parents[2]
FULL = bool(os.environ.get("FAULTS_FULL"))
"""Every kill, and the product's own patience: ``make faults``. CI does fewer and waits less."""
BUSY_S = 15 if FULL else 3
"""So long a server waits for a database that another program holds, where a test asks for it."""
CHROMA_S = 20 if FULL else 8
"""… for a Chroma server that took a request and says nothing."""
QUESTION = "What is the hotel cap in Paris?"
PAGE = {"Accept": "text/html"}


def documents(folder: Path, count: int = 1) -> Path:
    """A folder with one document that answers `QUESTION`, and more about other things."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "travel.md").write_text(
        "# Travel\n\nThe hotel cap in Paris is EUR 220 a night.\n\nTrains are booked in advance.\n"
    )
    for number in range(1, count):
        (folder / f"river-{number}.md").write_text(
            f"# River {number}\n\nRiver {number} was clean in the year {1900 + number}.\n"
        )
    return folder


def environment(data: Path, **settings: str) -> dict[str, str]:
    """The settings as variables, and where the code is."""
    own = {f"FOOTNOTE_{name.upper()}": value for name, value in settings.items()}
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "FOOTNOTE_DATA_DIR": str(data),
        "FAULTS_CHROMA_S": str(CHROMA_S),
        **own,
    }


def footnote(
    data: Path, *arguments: str, limit: float = 240, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return forked.footnote(
        arguments, environment(data, **settings), data.parent, timeout=limit, entry=program
    )


@dataclass
class Reply:
    """What a server answered, and in how many seconds."""

    status: int
    body: str
    seconds: float

    def json(self) -> Any:
        """The body of a program's answer."""
        return json.loads(self.body)


@dataclass
class Client:
    """Whoever speaks to a server on a port of this machine."""

    port: int

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        limit: float = 120,
    ) -> Reply:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        start = time.monotonic()
        try:
            own = dict(headers or {})
            if body is not None and not isinstance(body, bytes):
                body, own["Content-Type"] = json.dumps(body), "application/json"
            connection.request(method, path, body, own)
            response = connection.getresponse()
            text = response.read().decode()
            return Reply(response.status, text, time.monotonic() - start)
        finally:
            connection.close()

    def ask(self, question: str = QUESTION, **more: Any) -> Reply:
        """A question through the API."""
        return self.call("POST", "/api/v1/ask", {"question": question, **more})

    def upload(self, name: str, text: str) -> Reply:
        """One file through the API."""
        boundary = "faults"
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            f"Content-Type: text/plain\r\n\r\n{text}\r\n--{boundary}--\r\n"
        ).encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.call("POST", "/api/v1/documents", body, kind)


@dataclass
class Server(Client):
    """A server process."""

    process: forked.Forked
    log: Path

    def until_ready(self, limit: float = 120) -> None:
        """Wait until it can answer."""
        self.until(lambda: self.call("GET", "/readyz").status == 200, limit)

    def until(self, happened: Any, limit: float = 120) -> None:
        """Wait for something that this server brings about."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            if happened():
                return
            time.sleep(0.1)
        raise AssertionError(f"it did not happen within {limit} s:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """The signal that nothing can catch."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(data: Path, *, ready: bool = True, **settings: Any) -> Iterator[Server]:
    """A server on ``data``, ended with TERM where it still runs."""
    data.parent.mkdir(parents=True, exist_ok=True)
    log = data.parent / "server.log"
    log.write_bytes(b"")
    # Not beside the data: there the disk may be full.
    with tempfile.NamedTemporaryFile("r", suffix=".said") as said:
        process = forked.Forked(
            ["serve"],
            environment(data, **settings),
            data.parent,
            [Path(os.devnull), Path(said.name), log],
            program,
        )
        try:
            server = Server(_port(process, Path(said.name), log), process, log)
            if ready:
                server.until_ready()
            yield server
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: forked.Forked, said: Path, log: Path) -> int:
    """What the server says first, once it listens."""
    while not (told := said.read_text()).endswith("\n"):
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
    return int(json.loads(told)["port"])


# --- the program ---------------------------------------------------------------------------------


def program() -> None:
    """The `footnote` command with the quick embedder, the clock and the patience of a test."""
    from app.bootstrap import models
    from tests.knowledge.world import WordEmbedder

    setattr(models, "load_embedder", lambda _settings: WordEmbedder())  # noqa: B010  # a seam
    _set_clock()
    _set_patience()
    if sys.argv[1] == "serve":
        from app import server
        from app.errors import FootnoteError
        from app.settings import load_settings
        from app.terminal.ending import leave

        def say(address: str) -> None:
            print(json.dumps({"port": int(address.rpartition(":")[2])}), flush=True)

        try:
            server.serve(load_settings(port=0), say)
        except FootnoteError as error:
            sys.stderr.write(error.message + "\n")
            leave(1)
        leave(0)
    from app.cli import main

    main()


def _set_clock() -> None:
    """Where FAULTS_CLOCK names a file, the clock is as many seconds off as it says."""
    import datetime as standard

    from app import moment

    file = os.environ.get("FAULTS_CLOCK", "")
    if file:

        class Clock(standard.datetime):
            @classmethod
            def now(cls, tz: standard.tzinfo | None = None) -> Any:
                off = float(Path(file).read_text() or 0)
                return standard.datetime.now(tz) + standard.timedelta(seconds=off)

        setattr(moment, "datetime", Clock)  # noqa: B010  # a seam: what `moment.now` asks


def _set_patience() -> None:
    """The product waits as long as the tests that started it think right."""
    from app.knowledge import chroma
    from app.records import database

    if busy := os.environ.get("FAULTS_BUSY_S"):
        setattr(database, "_BUSY_S", float(busy))  # noqa: B010  # a seam
    setattr(chroma, "_ANSWER_S", float(os.environ["FAULTS_CHROMA_S"]))  # noqa: B010
