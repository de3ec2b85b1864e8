"""What docker-compose.yml describes, run without an engine: its commands, settings and checks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.programs import free_port
from tests.project.compose import service
from tests.project.running import Program, get_json, running, status, wait_until

BIN = Path(sys.executable).parent
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("compose")]

QUESTION = "How long may a visitor badge be used?"
DOCUMENTS = {
    "badges.md": """\
# Visitor badges

A visitor badge is valid for nine hours and then stops opening doors. Reception prints a new one.
""",
    "bicycles.md": """\
# Bicycle room

The bicycle room is behind gate B. Its code changes on the first Monday of each month.
""",
}


def native(text: str, places: dict[str, str]) -> str:
    """A setting or argument with the containers' names and paths replaced by this machine's."""
    for inside, here in places.items():
        text = text.replace(inside, here)
    return text


def passes(check: dict[str, Any], places: dict[str, str], environment: dict[str, str]) -> bool:
    """Run a service's health check as the engine would."""
    kind, program, *arguments = check["test"]
    assert kind == "CMD"
    program = sys.executable if program == "python" else program
    command = [program, *(native(argument, places) for argument in arguments)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, timeout=20, check=False
    )
    return done.returncode == 0


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[str]:
    """The Chroma server, started with the compose file's command; gives host and port."""
    found, port = service("chroma"), free_port()
    places = {"/data": str(tmp_path / "vectors"), "0.0.0.0": "127.0.0.1", "8000": str(port)}
    command = [str(BIN / "chroma"), *(native(part, places) for part in found["command"])]
    with running(command, tmp_path / "chroma.log") as server:
        health = {"/127.0.0.1/8000": f"/127.0.0.1/{port}"}
        wait_until(lambda: passes(found["healthcheck"], health, {}), server)
        yield f"127.0.0.1:{port}"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def app_environment(chroma: str, tmp_path: Path, database_url: str, port: int) -> dict[str, str]:
    """The compose file's settings for the app, on this machine."""
    settings = service("app", FOOTNOTE_DATABASE_URL=database_url)["environment"]
    places = {"chroma:8000": chroma, "/data": str(tmp_path / "data"), "0.0.0.0": "127.0.0.1"}
    environment = {name: native(value, places) for name, value in settings.items()}
    return {**environment, "FOOTNOTE_PORT": str(port)}


def check_app(environment: dict[str, str], documents: Path, tmp_path: Path) -> Program:
    """Serve, ingest beside the server, ask, and end, as `docker compose` would have it done."""
    found = service("app")
    address = f"http://127.0.0.1:{environment['FOOTNOTE_PORT']}"
    program, *arguments = found["command"]
    with running([str(BIN / program), *arguments], tmp_path / "app.log", environment) as server:
        wait_until(lambda: status(f"{address}/healthz") == 200, server)
        wait_until(lambda: passes(found["healthcheck"], {}, environment), server, pause=0.5)
        ingested = subprocess.run(
            [str(BIN / "footnote"), "ingest", str(documents)],
            env={**os.environ, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ingested.returncode == 0, ingested.stdout + ingested.stderr

        def answered() -> bool:
            return bool(get_json(f"{address}/api/v1/ask", {"question": QUESTION})["citations"])

        assert wait_until(answered, server, within=20) < 10
        answer = get_json(f"{address}/api/v1/ask", {"question": QUESTION})
        assert answer["state"] == "answered"
        citation = answer["citations"][0]
        assert citation["source"].endswith("badges.md")
        assert "nine hours" in citation["quote"]
        assert citation["quote"] in DOCUMENTS["badges.md"]
        assert server.end(signal.SIGTERM) == 0, server.output()
        assert "Traceback" not in server.output()
    return server


def test_the_composed_app_answers_from_a_chroma_server(
    chroma: str, documents: Path, tmp_path: Path
) -> None:
    environment = app_environment(chroma, tmp_path, "", free_port())
    check_app(environment, documents, tmp_path)
    assert (tmp_path / "data" / "footnote.db").exists()
    assert not (tmp_path / "data" / "chroma").exists(), "the vectors belong on the server"
    database = f"http://{chroma}/api/v2/tenants/default_tenant/databases/default_database"
    collections = get_json(f"{database}/collections")
    counts = [get_json(f"{database}/collections/{found['id']}/count") for found in collections]
    assert sum(counts) >= len(DOCUMENTS)


@pytest.mark.postgres
def test_the_composed_app_answers_from_postgres(
    chroma: str, postgres_url: str, documents: Path, tmp_path: Path
) -> None:
    environment = app_environment(chroma, tmp_path, postgres_url, free_port())
    assert environment["FOOTNOTE_DATABASE_URL"] == postgres_url
    check_app(environment, documents, tmp_path)
    assert not (tmp_path / "data" / "footnote.db").exists(), "the records belong in PostgreSQL"


def test_a_health_check_fails_while_nobody_answers() -> None:
    port = {"FOOTNOTE_PORT": str(free_port())}
    assert not passes(service("app")["healthcheck"], {}, port)
    places = {"/127.0.0.1/8000": f"/127.0.0.1/{port['FOOTNOTE_PORT']}"}
    assert not passes(service("chroma")["healthcheck"], places, {})
