"""Who is told how an ingest goes; this one says nothing, others draw a bar."""

from __future__ import annotations


class Progress:
    """Hears of everything that happens; override what is of interest. Called from one thread."""

    def note(self, sentence: str) -> None:
        """Something a person should know now."""

    def stage(self, words: str) -> None:
        """What is being done."""

    def begin(self, files: int, size: int) -> None:
        """How much there is to do: files, and their bytes."""

    def advance(self, *, files: int = 0, size: int = 0, passages: int = 0) -> None:
        """So much more is done."""
