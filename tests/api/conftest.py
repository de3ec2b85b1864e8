"""A real server on loopback with a few real documents, and one whose answers a test scripts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.bootstrap import Services
    from app.domain import Answer, AskStep, Question
    from app.settings import Settings

HANDBOOK = """---
title: Staff handbook
updated: 2026-02-02
---

# Staff handbook

## Travel

### Hotels

Hotels are reimbursed up to EUR 165 a night. Book at least 14 days ahead through the travel desk.
The travel desk keeps a list of hotels near each office, with the rates that were agreed for the
year and the dates on which each of them is closed. Choose from that list first. When every hotel on
it is full, write to the travel desk and attach two offers from elsewhere; the cheaper one is booked
unless it lies more than thirty minutes away from the place of work. Breakfast is included in the
agreed rates. Minibar, laundry for stays under five nights, and films are paid by the guest. Whoever
stays with friends or family instead receives EUR 25 a night and needs no receipt for it. Cancel at
least 48 hours before arrival; the cost of a later cancellation is carried by the department that
sent the traveler. Receipts are scanned on the day of return and kept by the finance team.

### Meals

The daily allowance for meals abroad is EUR 55. Alcohol is never reimbursed. On the day of departure
and on the day of return half of the allowance is paid, whatever the hour. When a customer or the
organizer of a fair pays for a meal, a third of the allowance is taken off for a lunch or a dinner
and a tenth for a breakfast. Team dinners are approved beforehand by the head of the department and
are charged to its own budget, at no more than EUR 40 for each person at the table. Tips up to a
tenth of the bill are covered where they are customary.

## Leave

Every employee has 27 days of paid vacation a year. Up to five unused days move to the next year.
"""
PASSWORDS = """# Password standard

A password must have at least 14 characters. It is changed only when it may have leaked.

Store passwords in Vaultline, the password manager. Never send one by e-mail.
"""
ROTA = """office,holiday,date
Porto,Liberation Day,2026-04-25
Rotterdam,King's Day,2026-04-27
Halifax,Victoria Day,2026-05-18
"""


@dataclass(frozen=True)
class Server:
    """A running server: its address, its application, a client for it."""

    url: str
    app: FastAPI
    client: httpx.Client

    @property
    def services(self) -> Services:
        """What the server itself uses."""
        services: Services = self.app.state.services
        return services


@contextmanager
def serving(app: FastAPI) -> Iterator[Server]:
    """Serve ``app`` over real HTTP on a free loopback port."""
    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
            wait_for(lambda: server.started or not thread.is_alive())
            assert server.started, "the application did not start"
            yield Server(url, app, client)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def plain_settings(data_dir: Path, **overrides: Any) -> Settings:
    from app.settings import Settings

    return Settings(_env_file=None, data_dir=data_dir, embedding_precision="float32", **overrides)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real thing: real model, real worker; three documents, uploaded through the API."""
    from app.main import create_app

    settings = plain_settings(
        tmp_path_factory.mktemp("api") / "data", max_file_mb=1, max_upload_files=4
    )
    with serving(create_app(settings)) as running:
        wait_for(lambda: running.client.get("/readyz").status_code == 200)
        for collection, files in {
            "handbook": {"handbook.md": HANDBOOK, "passwords.md": PASSWORDS},
            "calendar": {"rota.csv": ROTA},
        }.items():
            response = running.client.post(
                "/api/v1/documents?wait=true",
                files=[("files", (name, text.encode())) for name, text in files.items()],
                data={"collection": collection},
            )
            assert response.status_code == 200, response.text
            assert {file["status"] for file in response.json()["files"]} == {"done"}
        yield running


@pytest.fixture
def client(server: Server) -> httpx.Client:
    return server.client


@dataclass
class Script:
    """An asker that plays what a test gives it."""

    play: Callable[[Question], AsyncIterator[AskStep]]

    def ask(self, question: Question, session_id: str = "") -> AsyncIterator[AskStep]:
        return self.play(question)

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        from app.domain import Finished

        async for step in self.play(question):
            if isinstance(step, Finished):
                return step.answer
        raise RuntimeError("the script has no end")


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[[Any], Any]:
    """Serve the application with a scripted asker; everything else is real, no model is loaded."""
    from app.bootstrap import Readiness, Services, build_services
    from app.main import create_app

    @dataclass(frozen=True, slots=True)
    class Cold(Services):
        """Services that say they are ready and load nothing."""

        def warm_up(self) -> None:
            pass

        def readiness(self) -> Readiness:
            return Readiness("ready", "Ready.")

    def start(play: Callable[[Question], AsyncIterator[AskStep]], **overrides: Any) -> Any:
        built = build_services(plain_settings(tmp_path / "data", **overrides))
        values = {field.name: getattr(built, field.name) for field in fields(Services)}
        return serving(create_app(services=Cold(**values | {"asker": Script(play)})))

    return start


def events(body: str) -> list[tuple[str, str]]:
    """``(event, data)`` of a stream of server-sent events, without comments."""
    found = []
    for block in body.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append((lines.get("event", "message"), lines["data"]))
    return found
