"""Embedded Chroma's graph files are looked at in another process before this one trusts them.

Chroma reads its HNSW files without checking them: bytes that a bad disk or a half restored folder
left there end the whole process with a segmentation fault, which no ``except`` sees. So the folder
is sealed when it is closed in good order: the seal remembers the files' sizes and times. Where the
seal is missing (the last process did not end well) or does not fit, a child process opens and
searches the folder first; if that one dies, ours says so and lives.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.errors import IndexUnavailable

SEAL_NAME = "footnote-seal.json"
REPAIR = (
    "`footnote doctor --repair` builds them again from the database; so does `footnote reindex`."
)
PROBE_S = 120.0
"""A child that takes longer is ended, the folder taken for damaged: 100,000 vectors take 2 s."""

_sealing = threading.Lock()


def check(path: Path) -> None:
    """See that Chroma can open ``path``; costs a second where it is not sealed, else nothing.

    Raises:
        IndexUnavailable: it can't; says what to do.
    """
    seal_file = path / SEAL_NAME
    if not sealed(path):
        problem = probe(path)
        if problem:
            raise IndexUnavailable(f"The vectors in {path} can't be opened: {problem}.", REPAIR)
    # Until it is closed again, only a process that was killed leaves it without one.
    with suppress(OSError):
        seal_file.unlink(missing_ok=True)


def sealed(path: Path) -> bool:
    """Whether the graph files are those that were closed in good order; True without any."""
    files = _graph_files(path)
    if not files:
        return True
    try:
        return bool(json.loads((path / SEAL_NAME).read_text(encoding="utf-8")) == files)
    except (OSError, ValueError):
        return False


def seal(path: Path) -> None:
    """Remember the files as they are. A disk that takes no seal costs the next start a second."""
    with _sealing, suppress(OSError):
        if path.is_dir():
            (path / SEAL_NAME).write_text(json.dumps(_graph_files(path)), encoding="utf-8")


def probe(path: Path) -> str:
    """Why Chroma can't open and search ``path``, found out in a child process; empty if it can."""
    command = [sys.executable, "-m", "app.knowledge.probing", str(path)]
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            command, capture_output=True, text=True, timeout=PROBE_S, check=False, cwd=root
        )
    except subprocess.TimeoutExpired:
        return f"reading them took longer than {PROBE_S:.0f} s"
    except OSError as error:
        return f"they could not be looked at: {error}"
    if done.returncode < 0:
        return f"they are damaged (reading them ended a process with signal {-done.returncode})"
    if done.returncode:
        said = done.stdout.strip().splitlines() or ["they are damaged"]
        return said[-1].rstrip(".")
    return ""


def _graph_files(path: Path) -> dict[str, list[int]]:
    """Name → size and time of what Chroma maps into memory unchecked."""
    found = {}
    with suppress(OSError):
        for file in sorted(path.glob("*/*")):
            if file.suffix in (".bin", ".pickle"):
                status = file.stat()
                found[str(file.relative_to(path))] = [status.st_size, status.st_mtime_ns]
    return found


def _look(path: Path) -> None:
    """In the child: open it, and search every collection with a vector of its own."""
    import chromadb  # noqa: PLC0415  # 1 s
    from chromadb.config import Settings  # noqa: PLC0415

    client = chromadb.PersistentClient(
        str(path), settings=Settings(anonymized_telemetry=False, allow_reset=False)
    )
    for collection in client.list_collections():
        some: Any = collection.get(limit=1, include=["embeddings"])["embeddings"]
        if some is not None and len(some):
            collection.query(query_embeddings=[some[0]], n_results=10, include=["distances"])


if __name__ == "__main__":
    try:
        _look(Path(sys.argv[1]))
    except Exception as error:  # noqa: BLE001  # whatever Chroma raises is the answer
        sys.stdout.write((str(error).strip().splitlines() or [type(error).__name__])[0][:300])
        sys.exit(1)
