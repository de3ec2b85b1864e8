"""What contract tests run on: another process, a Chroma server, SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text

from app.records.database import open_database
from tests.plugins.programs import free_port

Elsewhere = Callable[..., Any]


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    """Calls a function in another process, which lives as long as the session, and waits."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield lambda function, *args, **kwargs: pool.submit(function, *args, **kwargs).result(120)


@contextmanager
def running_chroma(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Chroma server that keeps its data in ``folder``: its URL and its process."""
    port = free_port()
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with (folder.parent / "chroma.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/api/v2/heartbeat", server)
            yield url, server
        finally:
            server.kill()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 s")


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Chroma server that this worker's tests share; each begins by emptying it."""
    folder = tmp_path_factory.mktemp("chroma-server") / "data"
    folder.mkdir()
    with running_chroma(folder) as (url, _):
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'footnote.db'}"
    address: str = request.getfixturevalue("postgres_database")
    emptied(address)
    return address


def emptied(address: str) -> None:
    """Leave nothing in a PostgreSQL database, not even tables."""
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The database, with the schema of today."""
    opened = open_database(url)
    yield opened
    opened.dispose()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def kept_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """One database for a module of many small tests: making a schema takes most of their time."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path_factory.mktemp('kept') / 'footnote.db'}"
    else:
        address = request.getfixturevalue("postgres_database")
        emptied(address)
    opened = open_database(address)
    yield opened
    opened.dispose()
