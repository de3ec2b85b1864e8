"""What a line of the log says of an error."""

from __future__ import annotations

import logging

from app.errors import StorageProblem
from app.redaction import SecretlessFormatter


class Heard(logging.Handler):
    """Keeps what was logged, formatted as the server does."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(SecretlessFormatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def line(error: Exception) -> str:
    """What the log of a server says where ``error`` was met."""
    logger, heard = logging.getLogger("tests.log_lines"), Heard()
    logger.addHandler(heard)
    try:
        raise error
    except (StorageProblem, ValueError):
        logger.exception("the bill could not be kept")
    finally:
        logger.removeHandler(heard)
    return heard.lines[0]


def test_an_error_with_words_for_people_is_told_in_them_on_one_line() -> None:
    said = line(StorageProblem("The disk is full.", "Free some space."))
    assert said == (
        "ERROR tests.log_lines: the bill could not be kept: The disk is full. Free some space."
    )


def test_an_error_that_nobody_foresaw_is_told_with_its_traceback_and_without_secrets() -> None:
    said = line(ValueError("postgresql://anna:hunter2@db/records is odd"))
    assert "Traceback (most recent call last):" in said
    assert "ValueError: postgresql://anna:[password]@db/records is odd" in said
    assert "hunter2" not in said
