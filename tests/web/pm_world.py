"""An application for the pages about questions: real stores and pages, no documents, no model.

The model's path leads nowhere, so that nothing is loaded; what needs vectors gets made-up ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.insights.gaps.finder import GapFinder
from app.records.product.failure_reads import FailureReads
from app.records.product.gap_store import GapStore
from tests.contracts.asked import Asked
from tests.knowledge.world import WordEmbedder
from tests.web.conftest import browsing

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

USES = """
uses:
  - {id: leave, name: Leave, examples: [vacation days, parental leave weeks, gym membership]}
"""


@contextmanager
def insights(folder: Path) -> Iterator[tuple[Services, TestClient, Asked]]:
    """Services, a browser without JavaScript, and somebody who asks."""
    from app.bootstrap import build_services
    from app.settings import Settings

    prd = folder / "prd"
    prd.mkdir()
    (prd / "intended-uses.yaml").write_text(USES)
    settings = Settings(
        _env_file=None, data_dir=folder / "data", embedding_model=str(folder / "none"), prd_dir=prd
    )
    services = build_services(settings)
    finder = GapFinder(
        FailureReads(services.engine),
        GapStore(services.engine),
        WordEmbedder().encode_query,
        prd,
    )
    services = replace(services, gaps=finder)
    with browsing(services) as client:
        yield services, client, Asked(services.engine)
