"""Where Chroma runs: inside this process, or on a server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.errors import IndexUnavailable, SettingsError
from app.knowledge import probing
from app.knowledge.vector_index import ChromaIndex

_CONNECT_S, _ANSWER_S = 5.0, 20.0
"""A Chroma server that takes longer counts as gone. 2,000 vectors are stored in about a second."""


def embedded_chroma(path: Path) -> ChromaIndex:
    """Chroma inside this process, kept under ``path``."""
    looked = False

    def connect() -> Any:
        nonlocal looked
        import chromadb  # noqa: PLC0415  # 1 s
        from chromadb.api.shared_system_client import SharedSystemClient  # noqa: PLC0415
        from chromadb.config import Settings  # noqa: PLC0415

        path.mkdir(parents=True, exist_ok=True)
        settings = Settings(anonymized_telemetry=False, allow_reset=False)
        if not looked:  # later it is opened again because others wrote, who close in good order
            probing.check(path)
            looked = True
        try:
            return chromadb.PersistentClient(str(path), settings=settings)
        except Exception as error:  # a damaged folder raises whatever SQLite or Rust raise
            # Chroma would hand out what failed to start instead of trying again.
            SharedSystemClient._identifier_to_system.pop(str(path), None)
            raise IndexUnavailable(
                f"The vectors in {path} can't be opened: {error}.",
                probing.REPAIR,
            ) from error

    return ChromaIndex(
        connect,
        shared=False,
        wipe=lambda: shutil.rmtree(path, ignore_errors=True),
        closed=lambda: probing.seal(path),
    )


def server_chroma(url: str) -> ChromaIndex:
    """Chroma on a server."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"FOOTNOTE_CHROMA_URL is not an address: {url!r}.", "Use http://host:8000."
        )

    def connect() -> Any:
        import chromadb  # noqa: PLC0415
        import httpx  # noqa: PLC0415
        from chromadb.config import Settings  # noqa: PLC0415

        ssl = parts.scheme == "https"
        try:
            # Chroma's client waits forever, also while it is made: so a look before, with a limit.
            httpx.get(f"{parts.scheme}://{parts.netloc}/api/v2/heartbeat", timeout=_CONNECT_S)
            client = chromadb.HttpClient(
                host=str(parts.hostname),
                port=parts.port or (443 if ssl else 8000),
                ssl=ssl,
                settings=Settings(anonymized_telemetry=False),
            )
            client._server._session.timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S)  # type: ignore[attr-defined]
            return client
        except Exception as error:
            raise IndexUnavailable(
                f"No Chroma server answers at {parts.scheme}://{parts.netloc}.",
                "Start it, or correct FOOTNOTE_CHROMA_URL.",
            ) from error

    return ChromaIndex(connect, shared=True)
