"""What every test shares: no network, no settings from outside, real services in a fresh folder."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # tests that need no service start without importing any
    from app.bootstrap import Services
    from app.knowledge.ports import Embedder
    from app.settings import Settings

pytest_plugins = ["tests.plugins.skips"]

ROOT = Path(__file__).resolve().parent.parent

# Before anything imports the app or a library: tests run the same whatever is set outside, and
# the programs that tests start can't leave loopback either (in-process: pytest-socket).
for name in [name for name in os.environ if name.startswith(("FOOTNOTE_", "OTEL_"))]:
    del os.environ[name]
os.environ.update(
    {
        "HF_HUB_OFFLINE": "1",
        "TZ": "UTC",
        "TOKENIZERS_PARALLELISM": "false",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,::1,localhost"),
    }
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings as shipped, but a data folder of the test's own and no `.env`."""
    from app.settings import Settings

    return Settings(_env_file=None, data_dir=tmp_path / "data", embedding_precision="float32")


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """The real services on an empty data folder: SQLite, Chroma, tantivy, the bundled model."""
    from app.bootstrap import build_services

    built = build_services(settings)
    yield built
    built.close()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The bundled model, loaded once for each worker."""
    from app.knowledge.embedder import TransformerEmbedder

    return TransformerEmbedder("bundled", precision="float32")


@pytest.fixture(scope="session")
def sample_files() -> Path:
    """The folder of the sample company's documents, all formats. Read only."""
    return ROOT / "ingest" / "sample" / "documents"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One PostgreSQL server for this worker's tests; they skip when it isn't installed."""
    from tests.plugins import programs

    with programs.postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The SQLAlchemy URL of an empty database for one test."""
    from sqlalchemy import create_engine, text

    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{postgres_server}/{name}"
