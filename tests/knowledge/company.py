"""The product's own services over documents that went through its own ingest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Services, build_services, models
from app.knowledge.ports import Embedder
from app.settings import Settings
from ingest.pipeline import IngestOptions, ingest


@contextmanager
def ingested(
    folder: Path, files: Mapping[str, Mapping[str, str]], embedder: Embedder, **overrides: Any
) -> Iterator[Services]:
    """The product's own services after an ingest of ``files``: collection → name → content.

    ``overrides``: settings that are not as shipped.
    """
    values = {"data_dir": folder / "data", "passage_tokens": 60, **overrides}
    settings = Settings(_env_file=None, **values)
    with pytest.MonkeyPatch.context() as patch:
        # The session's model: loading another one takes seconds.
        patch.setattr(models, "load_embedder", lambda _settings: embedder)
        services = build_services(settings)
        services.embedder.get(wait=True)
    for collection, texts in files.items():
        documents = folder / collection
        documents.mkdir()
        for name, text in texts.items():
            (documents / name).write_text(text, encoding="utf-8")
        report = ingest(services, [str(documents)], IngestOptions(collection=collection))
        assert report.failed == []
    yield services
    services.close()
