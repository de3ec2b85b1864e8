"""Real services that share one loaded model, and a folder to ingest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.knowledge.ports import Embedder
    from app.settings import Settings

Write = Callable[[str, str], Path]


@pytest.fixture
def services(
    settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """Real services; the model is the session's, as loading it takes seconds."""
    from app.bootstrap import build_services, models

    monkeypatch.setattr(models, "load_embedder", lambda _settings: embedder)
    built = build_services(settings)
    yield built
    built.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "docs"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes a file into the folder, with folders on the way."""

    def into(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return into
