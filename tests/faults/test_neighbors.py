"""Chroma's server, PostgreSQL, the chat model or the collector: down, slow, or gone midway."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import openai_server as fake
from tests.faults.world import documents, footnote, serving
from tests.plugins.programs import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PATIENCE_S = 45
"""The longest that anything may hang here: at most 20 s for a Chroma server, and busy machines."""


@contextmanager
def chroma(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Chroma server on a port that is known before it starts."""
    program = Path(sys.executable).with_name("chroma")
    arguments = ["run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (folder.parent / f"chroma-{time.monotonic_ns()}.log").open("wb") as log:
        server = subprocess.Popen(
            [str(program), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        for _ in range(300):
            assert server.poll() is None
            try:
                address = f"http://127.0.0.1:{port}/api/v2/heartbeat"
                if httpx.get(address, trust_env=False).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield server
    finally:
        server.kill()
        server.wait()


@contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield listening.getsockname()[1]
        for one in taken:
            one.close()


def test_a_chroma_server_may_be_down_at_start_go_midway_hang_and_come_back(tmp_path: Path) -> None:
    data, docs, port = tmp_path / "data", documents(tmp_path / "docs"), free_port()
    url = f"http://127.0.0.1:{port}"
    vectors = tmp_path / "vectors"
    with chroma(vectors, port):
        assert footnote(data, "ingest", str(docs), chroma_url=url).returncode == 0
    with serving(data, ready=False, chroma_url=url) as server:
        server.until(lambda: "No Chroma server answers" in server.call("GET", "/readyz").body)
        down = server.ask()
        assert down.status == 503
        assert "FOOTNOTE_CHROMA_URL" in down.json()["detail"]
        assert down.seconds < PATIENCE_S
        accepted = server.upload("lake.md", "# Lake\n\nThe lake is 40 meters deep.\n")
        assert accepted.status in (200, 202)

        with chroma(vectors, port) as running:
            server.until_ready()
            assert server.ask().json()["state"] == "answered"
            # What was acknowledged while it was away is worked off.
            server.until(lambda: server.ask("How deep is the lake?").json()["state"] == "answered")
            running.send_signal(signal.SIGSTOP)
            hung = server.ask()
            running.send_signal(signal.SIGCONT)
            assert hung.status == 503
            assert hung.seconds < PATIENCE_S
            server.until_ready()
            assert server.ask().json()["state"] == "answered"
        gone = server.ask()
        assert gone.status == 503
        assert gone.seconds < PATIENCE_S
        server.until(lambda: server.call("GET", "/readyz").status == 503)
        with chroma(vectors, port):
            server.until_ready()
            assert server.ask().json()["state"] == "answered"
        log = server.log.read_text()
    assert "Traceback" not in log, log[-4000:]


@pytest.mark.postgres
def test_postgres_may_go_and_come_back(tmp_path: Path) -> None:
    """Its connections are cut as at a restart, then refused, then taken again."""
    from sqlalchemy import create_engine, text

    from tests.plugins import programs

    data, docs = tmp_path / "data", documents(tmp_path / "docs")
    with programs.postgres_server() as address:
        admin = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE records"))
        url = f"{address}/records"
        assert footnote(data, "ingest", str(docs), database_url=url).returncode == 0
        with serving(data, database_url=url) as server, admin.connect() as connection:
            assert server.ask().json()["state"] == "answered"
            connection.execute(text("ALTER DATABASE records ALLOW_CONNECTIONS false"))
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='records'"
                )
            )
            reply = server.ask()
            assert reply.status == 503, reply.body
            assert "The database server does not answer" in reply.json()["detail"]
            assert reply.seconds < PATIENCE_S
            assert server.call("GET", "/healthz").status == 200
            assert server.call("GET", "/readyz").status == 503
            connection.execute(text("ALTER DATABASE records ALLOW_CONNECTIONS true"))
            server.until_ready()
            assert server.ask().json()["state"] == "answered"
            log = server.log.read_text()
        assert "Traceback" not in log, log[log.find("Traceback") - 500 :][:4000]
        admin.dispose()


def test_a_silent_chat_model_and_a_silent_collector_cost_a_notice_and_no_time(
    tmp_path: Path,
) -> None:
    data, docs = tmp_path / "data", documents(tmp_path / "docs")
    assert footnote(data, "ingest", str(docs)).returncode == 0
    with silence() as model, silence() as collector, pytest.MonkeyPatch.context() as outside:
        outside.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector}")
        outside.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "120")  # who waits for it is beyond PATIENCE_S
        chat: dict[str, Any] = {
            "chat_model": "openai:scripted",
            "chat_base_url": f"http://127.0.0.1:{model}/v1",
            "chat_api_key": "none",
            "chat_first_token_timeout_s": "1",
        }
        with serving(data, **chat) as server:
            quoted = server.ask(mode="quotes")
            assert quoted.json()["state"] == "answered"
            assert quoted.seconds < PATIENCE_S, "the collector is not waited for"
            answer = server.ask(mode="written")
            assert answer.json()["state"] == "answered"
            assert answer.json()["mode"] == "quotes"
            assert "quoted from your documents instead" in answer.json()["notice"]
            assert answer.seconds < PATIENCE_S
            ended = time.monotonic()
            server.process.terminate()
            server.process.wait(100)
            assert time.monotonic() - ended < PATIENCE_S, "the end does not wait for the collector"


def test_a_chat_model_that_goes_midway_and_comes_back_needs_no_restart(tmp_path: Path) -> None:
    data, docs = tmp_path / "data", documents(tmp_path / "docs")
    assert footnote(data, "ingest", str(docs)).returncode == 0
    with fake.serve(fake.DROPPED) as model:
        chat: dict[str, Any] = {
            "chat_model": "openai:scripted",
            "chat_base_url": model.base_url,
            "chat_api_key": "none",
        }
        with serving(data, **chat) as server:
            broken = server.ask(mode="written").json()
            assert (broken["state"], broken["mode"]) == ("answered", "quotes")
            assert "quoted from your documents instead" in broken["notice"]
            model.script(fake.PROSE)
            written = server.ask(mode="written").json()
            assert (written["state"], written["mode"]) == ("answered", "written")
