"""A whole day against a server of its own: ingest, play, restart with another release, compare."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.fakes import openai_server as fake
from tests.plugins.programs import free_port
from tests.project.running import running_forked, status, wait_until
from tests.replay.play import Day, Done
from tests.replay.script import day
from tests.replay.server import HEADER
from tests.replay.server import main as server
from tests.replay.truth import metrics

SAMPLE = Path(__file__).parents[2] / "ingest" / "sample" / "documents"
FOLDERS = ("people", "finance", "legal", "it", "support", "operations")
FIRST, SECOND = "spring", "summer"
"""Two releases: the first one's chat model has a price, the second one's has none."""
PRICE = "0.25/2"
ASKED_S = 60.0
"""Longest until the chat model is asked."""


@dataclass(frozen=True)
class Replayed:
    """A day that was played: what was done, what it must come to, and where to ask."""

    log: Sequence[Done]
    start: datetime
    noon: datetime
    """When the second release takes over."""
    now: datetime
    base_url: str

    def get(self, path: str, **parameters: str) -> httpx.Response:
        """A page or a JSON answer, at the end of the day."""
        headers = {HEADER: self.now.isoformat()}
        return httpx.get(self.base_url + path, params=parameters, headers=headers, timeout=60)

    def told(self, **parameters: str) -> dict[str, Any]:
        """What the product says of the day."""
        period = {"from": self.start.isoformat(), "to": self.now.isoformat()}
        response = self.get("/api/v1/insights", **period, **parameters)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def truth(self) -> dict[str, Any]:
        """What it must say."""
        return metrics(self.log, self.now)


@contextmanager
def replayed(
    folder: Path, share: float = 1.0, files: str = "*", **settings: str
) -> Iterator[Replayed]:
    """Play a day and keep its second server running.

    ``files``: which of the sample documents there are. ``settings``: FOOTNOTE_… for both servers.
    """
    start = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0) - timedelta(days=1)
    noon = start + timedelta(hours=5)
    documents = folder / "documents"
    for name in FOLDERS:
        (documents / name).mkdir(parents=True)
        for file in (SAMPLE / name).glob(files):
            shutil.copy2(file, documents / name)
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    with fake.serve() as model:

        @contextmanager
        def slow() -> Iterator[Callable[[], None]]:
            before = len(model.requests)

            def asked() -> None:
                deadline = time.monotonic() + ASKED_S
                while len(model.requests) == before:
                    assert time.monotonic() < deadline, "the chat model was not asked"
                    time.sleep(0.01)

            model.script(fake.SLOW_FIRST)
            try:
                yield asked
            finally:
                model.script(fake.PROSE)

        environment = {
            "FOOTNOTE_DATA_DIR": str(folder / "data"),
            "FOOTNOTE_CHAT_MODEL": "openai:scripted",
            "FOOTNOTE_CHAT_BASE_URL": model.base_url,
            "FOOTNOTE_CHAT_FIRST_TOKEN_TIMEOUT_S": "60",
            **settings,
        }
        first = {**environment, "FOOTNOTE_RELEASE": FIRST, "FOOTNOTE_CHAT_PRICE": PRICE}
        second = {**environment, "FOOTNOTE_RELEASE": SECOND}
        _ingest(documents, folder, first)
        played = Day(day(start, share=share), base_url, slow)
        try:
            with _serving(port, folder / "first.log", first):
                played.play(until=noon)
            with _serving(port, folder / "second.log", second):
                played.play()
                now = datetime.fromisoformat(played.log[-1].at) + timedelta(hours=1)
                yield Replayed(played.log, start, noon, now, base_url)
        finally:
            played.close()


def write(found: Replayed, folder: Path) -> None:
    """The log and the truth, beside each other."""
    lines = (json.dumps(done.line()) + "\n" for done in found.log)
    (folder / "log.jsonl").write_text("".join(lines), encoding="utf-8")
    truth = json.dumps(found.truth(), indent=2)
    (folder / "truth.json").write_text(truth + "\n", encoding="utf-8")


def _ingest(documents: Path, folder: Path, environment: dict[str, str]) -> None:
    root = Path(__file__).parents[2]
    command = ["ingest", str(documents)]
    with running_forked(command, folder / "ingest.log", environment, root) as program:
        assert program.process.wait(timeout=240) == 0, program.output()


@contextmanager
def _serving(port: int, log: Path, environment: dict[str, str]) -> Iterator[None]:
    root = Path(__file__).parents[2]
    with running_forked([str(port)], log, environment, root, server) as program:
        wait_until(lambda: status(f"http://127.0.0.1:{port}/readyz") == 200, program)
        yield
