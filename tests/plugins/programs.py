"""Programs that tests drive when they are installed, and how to get them when they are not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin")


def find_chromium() -> str | None:
    """The browser's path, or None."""
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, found), None)


def chromium() -> str:
    """The browser's path; skips the test when there is none."""
    return find_chromium() or pytest.skip("needs Chromium: apt install chromium")


def postgres_folder() -> Path:
    """Where initdb and pg_ctl are; skips the test when PostgreSQL isn't installed."""
    for pattern in POSTGRES_FOLDERS:
        folders = sorted(Path("/").glob(pattern.lstrip("/")))
        if folders and (folders[-1] / "initdb").exists():
            return folders[-1]
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    pytest.skip("needs PostgreSQL's server programs: apt install postgresql")


def tesseract() -> str:
    """The OCR program's path; skips the test when there is none."""
    found = shutil.which("tesseract")
    if found is None:
        pytest.skip("needs tesseract: apt install tesseract-ocr")
    return found


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of its own; gives its SQLAlchemy URL without the database's name.

    PostgreSQL refuses to run as root: then it runs as the account that its package made.
    """
    programs, port = postgres_folder(), free_port()
    with tempfile.TemporaryDirectory(prefix="footnote-pg-") as folder:
        account: dict[str, str] = {}
        if os.getuid() == 0:
            account = {"user": "postgres", "group": "postgres"}
            shutil.chown(folder, **account)

        def call(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", f"{folder}/cluster", *arguments]
            # Not a pipe: the server would keep it open and this call would never end.
            with Path(folder, "output").open("w+") as output:
                done = subprocess.run(
                    command,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    **account,  # type: ignore[call-overload]  # user and group
                )
                output.seek(0)
                assert done.returncode == 0, f"{program}: {output.read()}"

        call("initdb", "--username=footnote", "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql+psycopg://footnote@127.0.0.1:{port}"
        finally:
            call("pg_ctl", "-m", "immediate", "-w", "stop")
