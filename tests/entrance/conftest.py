"""One server where people sign in, shared by all tests here: one worker runs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrance.world import Door, door

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that use the server stay together."""
    for item in items:
        if item.path.parent == HERE and "at" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("accounts"))


@pytest.fixture(scope="session")
def _open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


@pytest.fixture
def at(_open: Door) -> Iterator[Door]:
    """The server; browsers and programs of a test are closed at its end."""
    yield _open
    while _open.clients:
        _open.clients.pop().close()
