"""Targets → listings: a folder, a file, a web page, a site, a git repository, an upload."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadRequest, FootnoteError
from ingest.browser import Browser, normal_url
from ingest.filters import Filters
from ingest.folders import list_path
from ingest.git_repositories import list_repository
from ingest.items import Item, Listing, over_limit, safe_name
from ingest.websites import SiteLimits, list_page, list_site

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SSH_ADDRESS = re.compile(r"[\w.-]+@[\w.-]+:(?!\\)")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came through the browser or the API; the same name again replaces it."""

    name: str
    read: Callable[[], bytes]
    size: int

    @property
    def source(self) -> str:
        """What it is stored under."""
        return f"upload:{safe_name(self.name)}"


Target = str | Upload


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How targets are read. ``public_only``: addresses only where the whole internet could."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    site: SiteLimits | None = None
    git: bool = False
    ref: str = ""
    public_only: bool = False


class Sources:
    """Lists targets; what is fetched for it stays until `close`."""

    def __init__(self, options: SourceOptions, max_bytes: int) -> None:
        self._options = options
        self._max_bytes = max_bytes
        self._filters = Filters(options.include, options.exclude, options.hidden)
        self._stack = ExitStack()
        self._browser: Browser | None = None

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def list(
        self,
        target: Target,
        known_stamp: Callable[[str], str | None],
        found: Callable[[int], None] = lambda _count: None,
    ) -> Listing:
        """Everything ``target`` holds. ``known_stamp(source)``: of what was ingested before.

        Raises:
            FootnoteError: the target as a whole cannot be read; says why and what to do.
        """
        if isinstance(target, Upload):
            item = Item(
                source=target.source,
                name=safe_name(target.name),
                size=target.size,
                stamp="",
                modified_at=None,
                read=target.read,
                refused=over_limit(target.size, self._max_bytes),
            )
            return Listing(uri=target.source, items=[item])
        kind = kind_of(target, self._options.git)
        if kind == "git":
            folder = self._temporary()
            return list_repository(
                target,
                self._options.ref,
                self._filters,
                self._max_bytes,
                folder,
                public_only=self._options.public_only,
            )
        if kind == "url":
            if self._options.site is None:
                return list_page(target, self._open_browser(), known_stamp)
            return list_site(
                target,
                self._options.site,
                self._filters,
                self._open_browser(),
                self._temporary(),
                found,
            )
        return list_path(Path(target), self._filters, self._max_bytes)

    def _temporary(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="footnote-")))

    def _open_browser(self) -> Browser:
        if self._browser is None:
            self._browser = Browser(self._max_bytes, public_only=self._options.public_only)
            self._stack.callback(self._browser.close)
        return self._browser


def kind_of(target: str, git: bool = False) -> str:
    """What a target is: "path", "url" or "git".

    Raises:
        BadRequest: an address of a kind that cannot be read.
    """
    plain = target.rstrip("/")
    if git or (plain.endswith(".git") and _is_repository(target)):
        return "git"
    if not _SCHEME.match(target):
        return "path"
    if target.lower().startswith(("http://", "https://")):
        return "url"
    raise BadRequest(
        f"{safe_name(target)} can't be ingested: only files, folders, http(s) addresses and git "
        "repositories can.",
        "A repository's address ends in .git, or needs --git.",
    )


def _is_repository(target: str) -> bool:
    """An address that ends in .git, or a bare repository's folder."""
    if _SCHEME.match(target) or _SSH_ADDRESS.match(target):
        return True
    return Path(target, "HEAD").is_file() and Path(target, "objects").is_dir()


def folded(targets: Iterable[Target], git: bool = False) -> Iterator[Target]:
    """Targets without those that name the same thing twice."""
    seen: set[str] = set()
    for target in targets:
        key = _identity(target, git)
        if key not in seen:
            seen.add(key)
            yield target


def _identity(target: Target, git: bool) -> str:
    if isinstance(target, Upload):
        return target.source
    try:
        kind = kind_of(target, git)
        if kind == "path":
            return str(Path(target).expanduser().resolve())
        return normal_url(target) if kind == "url" else target.rstrip("/")
    except (FootnoteError, OSError, ValueError, RuntimeError):
        return target  # what is wrong with it is said when it is listed
