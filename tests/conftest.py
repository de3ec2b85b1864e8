"""What every test shares: no network, no settings from outside, real services in a fresh folder."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # tests that need no service start without importing any
    from sqlalchemy import Engine

    from app.bootstrap import Services
    from app.knowledge.ports import Embedder
    from app.settings import Settings

pytest_plugins = ["tests.plugins.skips", "tests.plugins.evidence"]

ROOT = Path(__file__).resolve().parent.parent

# Where Python is told to keep no bytecode, every program that tests start would compile torch and
# hundreds of other modules again: six seconds each, beside a start's five.
if sys.dont_write_bytecode:
    kept = str(ROOT / "build" / "bytecode")
    sys.dont_write_bytecode, sys.pycache_prefix = False, kept
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": kept}

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


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes of made files hold the time: workers would not agree on the names of the tests."""
    return argname if isinstance(val, bytes) and len(val) > 100 else None


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite file of this process begins as a copy of one that the migrations have made.

    They take 0.1 s, in more than a thousand tests. What is not new is migrated as always.
    """
    from app.records import database

    migrate, made = database._migrate, tmp_path_factory.mktemp("migrated") / "made.db"

    def copying(engine: Engine) -> None:
        path = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and path.suffix == ".db" and not path.exists():
            if path != made and not made.exists():
                database.open_database(f"sqlite:///{made}").dispose()
            with suppress(OSError), TemporaryDirectory(dir=path.parent) as folder:
                # Whole at once, and never over what somebody else has begun meanwhile.
                os.link(shutil.copy(made, folder), path)
        migrate(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_migrate", copying)
        yield


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


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> str:
    """One database for all tests that empty it: making one for each leaves 300 files apiece.

    It stands here, not beside those tests: a session's fixture that two modules know from two
    places is made twice.
    """
    return _database(postgres_server, "contracts")


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The SQLAlchemy URL of an empty database for one test."""
    return _database(postgres_server, f"test_{uuid.uuid4().hex}")


def _database(server: str, name: str) -> str:
    from sqlalchemy import create_engine, text

    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"
