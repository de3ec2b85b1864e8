"""Folders and files on disk → a `Listing`. Nothing is read but names, stats and a few heads."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from app.errors import BadRequest
from ingest.files import file_item, may_exist, not_there, reason_of, spellings, worth_reading
from ingest.filters import IGNORE_FILE, Filters, IgnoreFiles, compile_patterns
from ingest.items import Item, Listing, Problem, safe_name
from ingest.parsers.formats import BY_EXTENSION, extension_of


def list_path(path: Path, filters: Filters, max_bytes: int) -> Listing:
    """Everything a folder or file holds.

    Raises:
        NotFound: there is nothing at ``path``; names the nearest folder that exists.
        UnreadableDocument: it cannot be opened.
        BadRequest: it is neither a file nor a folder.
    """
    try:
        root = path.expanduser().resolve(strict=True)
        info = root.stat()
    except OSError as error:
        raise not_there(path, error) from error
    except (ValueError, RuntimeError) as error:  # a NUL byte; a user that does not exist
        raise BadRequest(f"{safe_name(str(path))} is not a path: {error}.") from error
    if stat.S_ISDIR(info.st_mode):
        return list_folder(root, filters, max_bytes)
    if not stat.S_ISREG(info.st_mode):
        raise BadRequest(
            f"{safe_name(str(path))} is neither a file nor a folder.", "Name a file or a folder."
        )
    source = safe_name(str(root))
    # A file that was named is read even when its format is unknown: the reason is then shown.
    return Listing(uri=source, items=[file_item(str(root), source, info, max_bytes)])


def list_folder(root: Path, filters: Filters, max_bytes: int) -> Listing:
    """Everything in a folder and below it."""
    walk = _Walk(str(root), filters, max_bytes)
    walk.run()
    return walk.listing


class _Walk:
    """One pass over a folder.

    Links are looked at last. Those that lead to something the walk found anyway are left alone;
    those that lead to something else inside the root are followed, once; those that lead outside
    are not. So nothing is found twice, and a loop has no way to begin.
    """

    def __init__(self, root: str, filters: Filters, max_bytes: int) -> None:
        self.root = root
        self.filters = filters
        self.max_bytes = max_bytes
        self.ignores = IgnoreFiles(self._read_ignore_file)
        self.listing = Listing(uri=safe_name(root), covers=self._covers, gone=self._gone)
        self._sources: set[str] = set()
        self._unsupported: set[str] = set()
        self._seen: set[tuple[int, int]] = set()
        self._links: list[tuple[str, str]] = []
        self._closed: set[str] = set()
        """Folders of which nothing is known, as they or their ignore files can't be read."""
        self._prefix = self.listing.uri.rstrip("/") + "/"

    def run(self) -> None:
        self._folder(self.root, "")
        followed: set[str] = set()
        while self._links:
            links, self._links = sorted(self._links), []
            for path, relative in links:
                if relative not in followed:
                    followed.add(relative)
                    self._link(path, relative)
        self.listing.items.sort(key=lambda item: item.source)

    def _folder(self, path: str, relative: str) -> None:
        pending = [(path, relative)]
        while pending:
            folder, inside = pending.pop()
            for name, entry in self._entries(folder):
                below = f"{inside}/{name}" if inside else name
                try:
                    if entry.is_symlink():
                        if self._wanted(below):
                            self._links.append((entry.path, below))
                    elif entry.is_dir(follow_symlinks=False):
                        if self.filters.wants_folder(below) and not self.ignores.ignores_folder(
                            below
                        ):
                            pending.append((entry.path, below))
                    else:
                        self._file(entry.path, below, entry.stat(follow_symlinks=False))
                except OSError as error:
                    self._problem(entry.path, "The file can't be looked at", error)

    def _entries(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        try:
            info = Path(folder).stat()
            if (info.st_dev, info.st_ino) in self._seen:
                return
            self._seen.add((info.st_dev, info.st_ino))
            with os.scandir(folder) as entries:
                ordered = sorted((entry.name, entry) for entry in entries)
        except OSError as error:
            self._close(folder, "The folder can't be opened", error)
            return
        except TypeError:  # two entries of one name: a broken file system; order does not matter
            ordered = []
        yield from ordered

    def _wanted(self, relative: str) -> bool:
        """Whether a link may be looked at: it may stand for a file or a folder."""
        return (
            self.filters.wants_folder(relative) or self.filters.wants_file(relative)
        ) and not self.ignores.ignores_file(relative)

    def _file(self, path: str, relative: str, info: os.stat_result) -> None:
        if (info.st_dev, info.st_ino) in self._seen and info.st_nlink == 1:
            return
        if not self.filters.wants_file(relative) or self.ignores.ignores_file(relative):
            return
        self._seen.add((info.st_dev, info.st_ino))
        source = self._prefix + safe_name(relative)
        if not stat.S_ISREG(info.st_mode):
            self.listing.skipped["special file"] += 1  # opening a pipe would wait for ever
            return
        extension = extension_of(path)
        if extension not in BY_EXTENSION and not worth_reading(path, extension):
            self.listing.skipped[safe_name(extension) or "no extension"] += 1
            self._unsupported.add(source)
            return
        if source in self._sources:
            self.listing.problems.append(
                Problem(source, "Another file has the same name once both are written out.")
            )
            return
        self._sources.add(source)
        self.listing.items.append(file_item(path, source, info, self.max_bytes))

    def _link(self, path: str, relative: str) -> None:
        shown = self._prefix + safe_name(relative)
        try:
            target = os.path.realpath(path, strict=True)
            info = Path(target).stat()
        except OSError as error:
            loop = error.errno == errno.ELOOP
            reason = "The link leads back to itself" if loop else "The link leads nowhere"
            if error.errno in (errno.EACCES, errno.EPERM):
                reason = "The link can't be followed: permission denied"
            self.listing.problems.append(Problem(shown, reason + ".", "Mend or delete the link."))
            return
        if target != self.root and not target.startswith(self.root.rstrip("/") + "/"):
            self.listing.warnings.append(
                Problem(
                    shown,
                    "The link leads out of the folder and was not followed.",
                    "Ingest what it leads to by its own path.",
                )
            )
            return
        real = target[len(self.root) :].strip("/")
        if stat.S_ISDIR(info.st_mode):
            if not self.ignores.ignores_folder(real) and self.filters.wants_folder(relative):
                self._folder(path, relative)
        elif not self.ignores.ignores_file(real) and (info.st_dev, info.st_ino) not in self._seen:
            self._file(path, relative, info)

    def _read_ignore_file(self, folder: str) -> list[str] | None:
        path = Path(self.root, folder, IGNORE_FILE)
        try:
            lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            # Not to read it could ingest what somebody wanted kept out: leave the folder out.
            self._close(
                str(path.parent), "The folder was left out; its ignore file is closed", error
            )
            return ["*"]
        good = []
        for line in lines:
            try:
                compile_patterns([line])
                good.append(line)
            except BadRequest as error:
                self.listing.problems.append(Problem.of(safe_name(str(path)), error))
        return good

    def _covers(self, source: str) -> bool:
        if not source.startswith(self._prefix):
            return False
        relative = source[len(self._prefix) :]
        parent = relative.rpartition("/")[0]
        return self.filters.wants_file(relative) and (
            not parent or self.filters.wants_folder(parent)
        )

    def _gone(self, source: str) -> bool:
        relative = source[len(self._prefix) :]
        ignored = self.ignores.ignores_file(relative)
        path = f"{self.root}/{relative}"
        if any(path.startswith(closed + "/") for closed in self._closed):
            return False
        if ignored or source in self._unsupported:
            return True
        return not any(may_exist(spelling) for spelling in spellings(path))

    def _close(self, folder: str, what: str, error: OSError) -> None:
        if folder not in self._closed:
            self._closed.add(folder)
            self._problem(folder, what, error)

    def _problem(self, path: str, what: str, error: OSError) -> None:
        self.listing.problems.append(
            Problem(
                safe_name(path),
                f"{what}: {reason_of(error)}.",
                "Give the user that runs Footnote read access.",
            )
        )


def rebased(listing: Listing, prefix: str, change: Callable[[Item, str], Item]) -> Listing:
    """The listing of a folder as that of what the folder is a copy of.

    Sources become ``prefix`` + the path in the folder; ``change(item, path in the folder)`` may
    change more.
    """
    start = len(listing.uri.rstrip("/")) + 1
    covers, gone = listing.covers, listing.gone
    folder = listing.uri.rstrip("/") + "/"

    def moved(path: str) -> str:
        return prefix + path[start:] if path.startswith(folder) else prefix

    return Listing(
        uri=prefix.rstrip("#"),
        items=[
            change(replace(item, source=moved(item.source)), item.source[start:])
            for item in listing.items
        ],
        problems=[replace(problem, path=moved(problem.path)) for problem in listing.problems],
        warnings=[replace(warning, path=moved(warning.path)) for warning in listing.warnings],
        skipped=listing.skipped,
        covers=lambda source: source.startswith(prefix) and covers(folder + source[len(prefix) :]),
        gone=lambda source: gone(folder + source[len(prefix) :]),
    )
