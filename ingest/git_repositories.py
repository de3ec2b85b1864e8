"""Git repositories, through the git program: a shallow copy in a temporary folder.

Nothing of a repository is run: no hook, no submodule, no filter, no transport that is a program.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import BadRequest, UnreadableDocument
from ingest.addresses import Resolver, public_addresses, resolved
from ingest.filters import Filters
from ingest.folders import list_folder, rebased
from ingest.items import Item, Listing, safe_name

_SECONDS = 300
_NO_PROGRAMS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "submodule.recurse=false", "-c", "fetch.recurseSubmodules=false"),
    *("-c", "http.followRedirects=false"),
)


def list_repository(
    url: str,
    ref: str,
    filters: Filters,
    max_bytes: int,
    folder: Path,
    *,
    public_only: bool = False,
    resolve: Resolver = resolved,
) -> Listing:
    """What a repository holds at ``ref`` (a branch, tag or commit; empty: its default branch).

    Sources read ``URL#path/in/the/repository``. A file's stamp is its blob, so that an unchanged
    one is recognized without being read. ``public_only``: a path, or https to a public address
    that git is told, so that it looks up no other.

    Raises:
        UnreadableDocument: it cannot be fetched, with git's own words.
        BadRequest: git is not installed, ``ref`` is not one, or the address is of a kind that
            could run a program.
    """
    if url.startswith("-") or ref.startswith("-"):
        raise BadRequest(f"{url} {ref} can't be used: it begins with a dash.")
    here = Path(url).expanduser()
    is_path = "://" not in url and (here.exists() or ":" not in url.split("/", maxsplit=1)[0])
    remote = str(here.resolve()) if is_path else url
    schemes = "file" if is_path else ":".join(_checked_schemes(url, public_only))
    pinned = _pinned(url, resolve) if public_only and not is_path else ()
    _git(folder, "init", "--quiet", "--template=")
    fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules")
    _git(folder, *pinned, *fetch, "--", remote, ref or "HEAD", schemes=schemes)
    _git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    blobs = _blobs(folder)

    def stamped(item: Item, path: str) -> Item:
        # The time of the copy says nothing about the time of the change.
        return replace(item, stamp=blobs.get(path, ""), modified_at=None)

    uri = safe_name(remote) + (f"@{ref}" if ref else "")
    return rebased(list_folder(folder.resolve(), filters, max_bytes), f"{uri}#", stamped)


def _blobs(folder: Path) -> dict[str, str]:
    """Path → stamp of its blob."""
    stamps = {}
    for entry in _git(folder, "ls-tree", "-r", "-z", "HEAD").split(b"\0"):
        head, tab, path = entry.partition(b"\t")
        if tab:
            stamps[safe_name(os.fsdecode(path))] = "g:" + head.split()[2].decode()[:20]
    return stamps


def _checked_schemes(url: str, public_only: bool) -> tuple[str, ...]:
    """What git may speak to reach ``url``."""
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower() if mark else "ssh"  # git@example.org:team/handbook.git
    allowed = ("https",) if public_only else ("https", "http", "ssh")
    # `-oProxyCommand=…` in the place of a host is an option of ssh's; `ext::` names a program.
    host = rest if mark else url
    odd = host.startswith("-") or "@-" in host or "::" in url.split("/", maxsplit=1)[0]
    if odd or scheme not in allowed:
        raise BadRequest(
            f"{safe_name(url)} can't be ingested as a git repository here.",
            f"Give an address that begins with {' or '.join(f'{one}://' for one in allowed)}.",
        )
    return allowed


def _pinned(url: str, resolve: Resolver) -> tuple[str, ...]:
    """Options with which git connects to addresses that were checked, and asks no proxy."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        found = public_addresses(host, port, resolve)
    except (OSError, ValueError) as error:
        raise UnreadableDocument(
            f"The address can't be reached: {error}.", "Check it and the connection."
        ) from error
    addresses = ",".join(f"[{one}]" if ":" in one else one for one in found)
    return ("-c", f"http.curloptResolve={host}:{port}:{addresses}", "-c", "http.proxy=")


def _git(folder: Path, *arguments: str, schemes: str = "") -> bytes:
    environment = os.environ | {
        "GIT_ALLOW_PROTOCOL": schemes,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ADVICE": "0",
        "LC_ALL": "C.UTF-8",
    }
    # Taken from a surrounding repository, these would lead git elsewhere than to `folder`.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)
    command = ["git", *_NO_PROGRAMS]
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program; arguments cannot be options
            [*command, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise BadRequest(
            "A git repository can't be ingested: the git program is not installed.",
            "Install git, or ingest a copy of the folder.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UnreadableDocument(
            f"Fetching the repository took longer than {_SECONDS} seconds.", "Try again later."
        ) from error
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise UnreadableDocument(
            f"The repository can't be fetched: {words[-1].removeprefix('fatal: ').rstrip('.')}.",
            "Check the address, the ref, and that you may read it.",
        )
    return done.stdout
