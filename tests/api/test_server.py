"""Start and stop of the real process: quick, quiet, with words instead of tracebacks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow
QUICKLY_S = 20
"""One to two seconds on a quiet machine, three more with a request that never ends."""
PROGRAM = """
import sys
from pathlib import Path
from app.errors import FootnoteError
from app.server import serve
from app.settings import Settings
from app.terminal.ending import leave
try:
    serve(Settings(_env_file=None, data_dir=Path(sys.argv[1]), port=int(sys.argv[2]),
                   database_url=sys.argv[3] if len(sys.argv) > 3 else ""),
          lambda address: print(address, flush=True))
except FootnoteError as error:
    sys.exit("said: " + error.message)
print("ended", flush=True)
leave(0)  # as the command ends
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def launch(port: int = 0, *more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "data"), str(port), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield launch
    for process in running:
        process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_page_is_served_long_before_the_model_is_loaded(start: Start) -> None:
    started = time.monotonic()
    url = address(start())
    page = httpx.get(url, headers={"accept": "text/html"}, trust_env=False)
    took = time.monotonic() - started
    assert page.status_code == 200
    assert "warming up" in page.text.lower()
    assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"status": "alive"}
    # 0.8 s on a quiet machine; this one may be running other tests.
    assert took < 5
    # Other requests wait for the real application.
    ready = httpx.get(f"{url}/readyz", timeout=30, trust_env=False)
    assert ready.status_code == 503
    assert "<form" in httpx.get(url, headers={"accept": "text/html"}, trust_env=False).text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after", [0.0, 2.0])
def test_a_signal_ends_it_quickly_and_quietly_even_while_it_warms_up(
    start: Start, number: signal.Signals, after: float
) -> None:
    process = start()
    address(process)
    time.sleep(after)
    asked = time.monotonic()
    process.send_signal(number)
    output, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert output == "ended\n"
    assert "Traceback" not in said
    assert time.monotonic() - asked < QUICKLY_S


def test_an_open_stream_does_not_hold_up_the_end(start: Start) -> None:
    process = start()
    url = address(process)
    httpx.get(f"{url}/readyz", timeout=60, trust_env=False)
    target = httpx.URL(url)
    with socket.create_connection((target.host, target.port or 80)) as idle:
        # Headers without the body they announce: a request that never ends by itself.
        idle.sendall(
            b"POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        )
        time.sleep(0.3)
        asked = time.monotonic()
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert time.monotonic() - asked < QUICKLY_S


def test_the_command_ends_without_a_crash_while_it_warms_up(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"FOOTNOTE_DATA_DIR": str(tmp_path / "data")},
    )
    assert process.stderr is not None
    try:
        assert "Footnote is at http://" in process.stderr.readline()
        time.sleep(4)  # beneath torch: Python's own end crashed here from 3.8 s on
        process.terminate()
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, said
    assert "Traceback" not in said


def test_a_taken_port_is_said_in_a_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(taken.getsockname()[1])
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "said: Can't serve on 127.0.0.1:" in said
    assert "FOOTNOTE_PORT" in said
    assert "Traceback" not in said


def test_a_database_that_cannot_be_opened_is_said_in_a_sentence(
    start: Start, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database, but long enough to look at" * 50)
    process = start(0, f"sqlite:///{broken}")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "said: The database at" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("module", ["app.server", "app.main"])
def test_importing_it_imports_nothing_heavy(module: str) -> None:
    heavy = {"torch", "chromadb", "sentence_transformers", "transformers", "langchain", "mcp"}
    light = {"fastapi", "sqlalchemy"} if module == "app.server" else set()
    program = f"import sys, {module}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ.copy(),
    )
    loaded: set[Any] = set(result.stdout.split())
    assert loaded & (heavy | light) == set()
