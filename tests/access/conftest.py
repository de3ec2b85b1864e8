"""One house for all tests of doors: it takes seconds to build, and they only look into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.access.house import House


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The application with an open and a sealed collection."""
    from tests.access.house import house

    with house(tmp_path_factory.mktemp("access")) as built:
        yield built
