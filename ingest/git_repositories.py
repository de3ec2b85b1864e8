"""Git repositories, through the git program: a shallow copy in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from app.errors import BadRequest, UnreadableDocument
from ingest.filters import Filters
from ingest.folders import list_folder, rebased
from ingest.items import Item, Listing, safe_name

_SECONDS = 300


def list_repository(url: str, ref: str, filters: Filters, max_bytes: int, folder: Path) -> Listing:
    """What a repository holds at ``ref`` (a branch, tag or commit; empty: its default branch).

    Sources read ``URL#path/in/the/repository``. A file's stamp is its blob, so that an unchanged
    one is recognized without being read.

    Raises:
        UnreadableDocument: it cannot be fetched, with git's own words.
        BadRequest: git is not installed, or ``ref`` is not one.
    """
    if url.startswith("-") or ref.startswith("-"):
        raise BadRequest(f"{url} {ref} can't be used: it begins with a dash.")
    here = Path(url).expanduser()
    is_path = "://" not in url and here.exists()
    remote = str(here.resolve()) if is_path else url
    _git(folder, "init", "--quiet")
    _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", remote, ref or "HEAD")
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


def _git(folder: Path, *arguments: str) -> bytes:
    environment = os.environ | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ADVICE": "0",
        "LC_ALL": "C.UTF-8",
    }
    # Taken from a surrounding repository, these would lead git elsewhere than to `folder`.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"]
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
