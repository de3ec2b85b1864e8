"""Which files of a folder are wanted: globs, hidden files, and `.footnoteignore`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from pathspec import GitIgnoreSpec

from app.errors import BadRequest

IGNORE_FILE = ".footnoteignore"
_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr"})
_TEMPORARY = ("~$", ".~lock.")
"""How Office and LibreOffice begin the names of lock files beside an open document."""


def compile_patterns(patterns: Sequence[str]) -> GitIgnoreSpec:
    """Patterns with git's rules.

    Raises:
        BadRequest: a pattern is not valid.
    """
    try:
        # The plain backend: names with undecodable bytes cannot be given to the others.
        lines = [unicodedata.normalize("NFC", pattern) for pattern in patterns]
        return GitIgnoreSpec.from_lines(lines, backend="simple")
    except ValueError as error:
        raise BadRequest(
            f"A pattern can't be used: {error}.", "They follow git's rules, as in “drafts/*.md”."
        ) from error


class Filters:
    """The choice a person made on the command line. Paths are relative, with slashes."""

    def __init__(
        self, include: Sequence[str] = (), exclude: Sequence[str] = (), hidden: bool = False
    ) -> None:
        self._include = compile_patterns(include) if include else None
        self._exclude = compile_patterns(exclude) if exclude else None
        self._hidden = hidden

    def wants_folder(self, relative: str) -> bool:
        """Whether to look into a folder."""
        if not self._visible(relative):
            return False
        return self._exclude is None or not self._exclude.match_file(_plain(relative) + "/")

    def wants_file(self, relative: str) -> bool:
        """Whether a file is within the choice."""
        plain = _plain(relative)
        if not self._visible(relative) or plain.rpartition("/")[2].startswith(_TEMPORARY):
            return False
        if self._exclude is not None and self._exclude.match_file(plain):
            return False
        return self._include is None or self._include.match_file(plain)

    def _visible(self, relative: str) -> bool:
        parts = relative.split("/")
        if not _VERSION_CONTROL.isdisjoint(parts):
            return False
        return self._hidden or not any(part.startswith(".") for part in parts)


class IgnoreFiles:
    """`.footnoteignore` in a folder and in any folder below it, with git's rules.

    ``read(folder)`` gives the lines of that folder's ignore file, or None; folders are relative,
    "" is the root. As with git, a file cannot be taken back in when its folder is ignored.
    """

    def __init__(self, read: Callable[[str], list[str] | None]) -> None:
        self._read = read
        self._specs: dict[str, GitIgnoreSpec | None] = {}
        self._folders: dict[str, bool] = {"": False}

    def ignores_folder(self, relative: str) -> bool:
        """Whether nothing in this folder is wanted."""
        if relative not in self._folders:
            self._folders[relative] = self._ignores(relative, "/")
        return self._folders[relative]

    def ignores_file(self, relative: str) -> bool:
        """Whether this file is not wanted."""
        return self._ignores(relative, "")

    def _ignores(self, relative: str, slash: str) -> bool:
        parent = relative.rpartition("/")[0]
        if self.ignores_folder(parent):
            return True
        verdict = False
        parts = relative.split("/")
        for depth in range(len(parts)):
            spec = self._spec("/".join(parts[:depth]))
            if spec is not None:
                found = spec.check_file(_plain("/".join(parts[depth:])) + slash).include
                verdict = verdict if found is None else found
        return verdict

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            lines = self._read(folder)
            self._specs[folder] = compile_patterns(lines) if lines else None
        return self._specs[folder]


def _plain(relative: str) -> str:
    """The path as patterns see it: composed, and on one line, as ``.`` matches no newline."""
    return unicodedata.normalize("NFC", relative).replace("\n", "\ufffd")
