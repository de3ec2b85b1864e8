"""Verdicts that were given before, in a file: the same request is not made, nor paid, twice.

A verdict is found by a hash of everything that it depends on (`Request.key`), so that another
model, another address, other prompts or another word in the answer ask anew.
"""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from app.errors import BadRequest

log = logging.getLogger(__name__)

_WAIT_S = 30.0
"""For another process that writes to the same file."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge said, as JSON, and the tokens that it took."""

    text: str
    input_tokens: int
    output_tokens: int


class VerdictCache:
    """One file; or, with ``path`` None, nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        """Raises BadRequest when the file cannot be used."""
        self._path = path
        self._file: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, text TEXT NOT NULL, "
                "input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL)"
            )
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise BadRequest(
                f"The judge's cache {path} can't be used ({error}).",
                "Delete the file, or give --no-judge-cache.",
            ) from error

    def get(self, key: str) -> Verdict | None:
        """The verdict kept under ``key``."""
        if self._file is None:
            return None
        try:
            row = self._file.execute(
                "SELECT text, input_tokens, output_tokens FROM verdicts WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            log.warning("The judge's cache can't be read: %s", error)
            return None
        return Verdict(*row) if row else None

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict. One that is there already stays: reports were made from it."""
        if self._file is None:
            return
        try:
            self._file.execute(
                "INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?)",
                (key, verdict.text, verdict.input_tokens, verdict.output_tokens),
            )
        except sqlite3.Error as error:  # a full disk, say: the verdict itself is there
            log.warning("The judge's cache can't be written: %s", error)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> VerdictCache:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Closes the file."""
        self.close()
