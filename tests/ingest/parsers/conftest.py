"""Programs that some of these tests need."""

from __future__ import annotations

import pytest

from tests.plugins import programs


@pytest.fixture(scope="session")
def tesseract() -> str:
    """The tesseract program's path; without it the test is skipped with a reason."""
    return programs.tesseract()
