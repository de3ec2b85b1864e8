"""``kill -9`` at random moments: of ingests one after the other, and of a server under load.

CI does a few kills; ``make faults`` all of them. A failure says the seed: FAULTS_SEED=… repeats it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.bootstrap.doctoring import Doctor
from app.records.database import open_database
from app.records.tables import ingest_jobs
from tests.faults.conftest import services_of, settings_of
from tests.faults.world import FULL, ROOT, Client, documents, environment

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("FAULTS_SEED") or time.time_ns() % 1_000_000)
INGEST_KILLS = 50 if FULL else 6
SERVER_KILLS = 20 if FULL else 3
SERVER_WINDOW_S = 3.0 if FULL else 1.0
"""A server is killed so long, at most, after the first acknowledged answer, rating and upload."""

FORKED: set[int] = set()
"""The process that a program forked last, where it was not heard to have ended."""


@contextmanager
def program(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """One of the programs beside this file, spoken to line by line."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{name}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(Path("data")) | {"FOOTNOTE_DATA_DIR": ""},
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process
    finally:
        for pid in FORKED:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        FORKED.clear()
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def tell(process: subprocess.Popen[str], line: str = "") -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    heard: dict[str, Any] = json.loads(process.stdout.readline())
    FORKED.clear()
    FORKED.update({heard["pid"]} if "pid" in heard else ())
    return heard


class Folder:
    """Documents that change from round to round, and every text that each file ever had."""

    def __init__(self, path: Path, dice: random.Random) -> None:
        self.path, self.dice, self.made = path, dice, 0
        self.ever: dict[str, set[str]] = {}
        path.mkdir()
        for _ in range(40):
            self._write(f"note-{self.made}.md")

    def change(self) -> None:
        names = sorted(one.name for one in self.path.iterdir())
        for name in self.dice.sample(names, 10):
            self._write(name)
        for name in self.dice.sample(names, 3):
            (self.path / name).unlink()
        for _ in range(4):
            self._write(f"note-{self.made}.md")
        name = self.dice.choice(sorted(one.name for one in self.path.iterdir()))
        self.ever.setdefault(f"moved-{name}", set()).update(self.ever[name])
        (self.path / name).rename(self.path / f"moved-{name}")

    def now(self) -> dict[str, str]:
        return {one.name: one.read_text() for one in self.path.iterdir()}

    def _write(self, name: str) -> None:
        self.made += 1
        parts = [
            f"Part {part} of version {self.made}. " + "The river is wide and slow. " * 30
            for part in range(self.dice.randint(1, 4))
        ]
        text = f"# Note {self.made}\n\n" + "\n\n".join(parts) + "\n"
        (self.path / name).write_text(text)
        self.ever.setdefault(name, set()).add(text)


def seen(data: Path) -> tuple[dict[str, str], set[str], set[str], set[str]]:
    """Source → the file it is shown with; passage ids in SQL and in both indexes.

    Every document is held against itself: it has all its passages, and they are its text's.
    """
    with services_of(data) as services:
        found, _ = services.documents.find(limit=1000)
        names = Counter(Path(one.source).name for one in found)
        assert not [name for name, count in names.items() if count > 1], "a document is doubled"
        shown = {}
        for one in found:
            text, _ = services.documents.text(one.id)
            own = services.documents.of_document(one.id)
            assert len(own) == one.passages, f"{one.source} is shown with a part of its passages"
            assert all(text[passage.start : passage.end] == passage.text for passage in own)
            shown[Path(one.source).name] = services.documents.original(one.id).decode()
        stored = {key for ids in services.documents.passage_ids().values() for key in ids}
        vectors = {key for ids in services.library.vectors.ids().values() for key in ids}
        return shown, stored, vectors, services.library.lexical.ids()


@pytest.mark.timeout(1800)
def test_ingests_killed_at_random_moments_show_whole_documents_and_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    print(f"FAULTS_SEED={SEED}")
    dice = random.Random(SEED)
    data, folder = tmp_path / "data", Folder(tmp_path / "docs", dice)
    line = f"{data}\t{folder.path}"
    kills = finished = unfinished = 0
    with program("forked_ingest") as ingest:
        tell(ingest, line)
        hear(ingest)
        start = time.monotonic()
        assert hear(ingest) == {"ended": 0}
        # A round has fewer files than the first; where rounds end by themselves, it aims earlier.
        window = (time.monotonic() - start) / 2
        while kills < INGEST_KILLS:
            folder.change()
            tell(ingest, line)
            pid = hear(ingest)["pid"]
            time.sleep(dice.uniform(0, window))
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                finished += 1
            ended = hear(ingest)["ended"]
            assert ended in (0, -signal.SIGKILL)
            kills += ended == -signal.SIGKILL
            window *= 1.1 if ended else 0.7
            shown, stored, vectors, lexical = seen(data)
            for name, text in shown.items():
                assert text in folder.ever[name], f"seed {SEED}: {name} shows what it never was"
            assert stored <= vectors, f"seed {SEED}: shown passages are missing from the vectors"
            assert stored <= lexical, f"seed {SEED}: … from the lexical index"
            unfinished += shown != folder.now()
            if dice.random() < 0.7:
                continue  # the next one begins where this one was cut short
            tell(ingest, line)
            hear(ingest)
            assert hear(ingest) == {"ended": 0}
            shown, stored, vectors, lexical = seen(data)
            assert shown == folder.now(), f"seed {SEED}"
            assert stored == vectors == lexical, f"seed {SEED}"
        tell(ingest, line)
        hear(ingest)
        assert hear(ingest) == {"ended": 0}
    shown, stored, vectors, lexical = seen(data)
    assert shown == folder.now(), f"seed {SEED}"
    assert stored == vectors == lexical, f"seed {SEED}"
    checks = list(Doctor(settings_of(data), repair=False).examine())
    assert {check.state for check in checks} == {"ok"}, checks
    print(f"{kills} kills, {unfinished} left work undone, {finished} ended before theirs")


class Load:
    """Clients that ask, upload and give feedback until the server is gone; what they were told."""

    def __init__(self, port: int, round_: int) -> None:
        self.client, self.round = Client(port), round_
        self.answers: list[str] = []
        self.uploads: list[str] = []
        self.feedback: list[str] = []
        self.other: list[str] = []
        self._threads = [
            threading.Thread(target=self._guarded, args=(work, number))
            for number, work in enumerate((self._ask, self._ask, self._upload))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def until_each_was_acknowledged(self, limit: float = 180) -> None:
        """Wait for an answer, a rating and an upload."""
        end = time.monotonic() + limit
        while not (self.answers and self.feedback and self.uploads):
            assert not self.other, self.other
            assert time.monotonic() < end, "the server took nothing"
            time.sleep(0.01)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(150)
            assert not thread.is_alive()

    def _guarded(self, work: Any, number: int) -> None:
        for count in range(10_000):
            try:
                work(f"{self.round}-{number}-{count}")
            except (OSError, http.client.HTTPException, ValueError):
                return  # the server is gone: this one was not acknowledged

    def _ask(self, name: str) -> None:
        reply = self.client.ask(f"What is the hotel cap in Paris? {name}")
        if reply.status == 503:
            time.sleep(0.05)  # warming up
        elif reply.status == 200:
            answer_id = reply.json()["answer_id"]
            self.answers.append(answer_id)
            path = f"/api/v1/answers/{answer_id}/feedback"
            if self.client.call("POST", path, {"helpful": True}).status < 300:
                self.feedback.append(answer_id)
        else:
            self.other.append(reply.body)

    def _upload(self, name: str) -> None:
        reply = self.client.upload(f"lake-{name}.md", f"# Lake {name}\n\nLake {name} is deep.\n")
        if reply.status < 300:
            self.uploads.append(f"lake-{name}.md")
        else:
            self.other.append(reply.body)
        time.sleep(0.05)


def until_the_queue_is_empty(data: Path, limit: float = 600) -> None:
    engine = open_database(f"sqlite:///{data / 'footnote.db'}")
    waiting = select(func.count()).where(ingest_jobs.c.status.in_(("queued", "running")))
    end = time.monotonic() + limit
    try:
        while True:
            with engine.connect() as connection:
                left = connection.execute(waiting).scalar_one()
            if not left:
                return
            assert time.monotonic() < end, f"{left} uploads still wait after {limit:.0f} s"
            time.sleep(0.3)
    finally:
        engine.dispose()


@pytest.mark.timeout(1800)
def test_a_server_killed_under_load_keeps_every_answer_upload_and_feedback_it_acknowledged(
    tmp_path: Path,
) -> None:
    print(f"FAULTS_SEED={SEED}")
    dice = random.Random(SEED)
    data = tmp_path / "data"
    loads = []
    with program("killed_server", str(data), str(documents(tmp_path / "docs"))) as servers:
        for number in range(SERVER_KILLS):
            tell(servers)
            told = hear(servers)
            load = Load(told["port"], number)
            loads.append(load)
            load.start()
            load.until_each_was_acknowledged()
            time.sleep(dice.uniform(0, SERVER_WINDOW_S))
            os.kill(told["pid"], signal.SIGKILL)
            assert hear(servers) == {"signal": signal.SIGKILL}
            load.join()
        uploads = [name for load in loads for name in load.uploads]
        answers = [one for load in loads for one in load.answers]
        given = [one for load in loads for one in load.feedback]
        assert not [body for load in loads for body in load.other]
        tell(servers)
        told = hear(servers)
        client = Client(told["port"])
        for answer_id in answers:
            assert client.call("GET", f"/api/v1/answers/{answer_id}").status == 200, f"seed {SEED}"
        until_the_queue_is_empty(data)  # the new server works off what was acknowledged
        os.kill(told["pid"], signal.SIGTERM)
        hear(servers)
    with services_of(data) as services:
        listed, _ = services.documents.find(limit=10_000)
    names = Counter(one.source.removeprefix("upload:") for one in listed)
    assert set(uploads) <= set(names), f"seed {SEED}: {set(uploads) - set(names)} are lost"
    assert max(names.values()) == 1, f"seed {SEED}"
    with services_of(data) as services:
        for answer_id in given:
            assert len(services.answers.feedback(answer_id)) == 1, f"seed {SEED}"
    _, stored, vectors, lexical = seen(data)
    assert stored == vectors == lexical, f"seed {SEED}"
    kept = f"{len(answers)} answers, {len(uploads)} uploads, {len(given)} ratings"
    print(f"{SERVER_KILLS} kills: {kept} acknowledged, all kept once")
