"""Embedded Chroma keeps what was deleted: in memory, on disk, and in the way of its search.

Its graph only marks a deleted vector and never uses its place again: 2 kB each in memory and on
disk, measured, and with many of them it may no longer find living ones. So where the dead outnumber
the living, the index is built again beside, and takes the old one's place.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.errors import FootnoteError
from app.knowledge import health, probing
from app.knowledge.library import Library
from app.knowledge.vector_index import ChromaIndex

FEWEST_DEAD = 2000
"""Fewer are not worth a rebuild: they take 4 MB."""

Told = Callable[[int, int], None]


def dead_vectors(library: Library, folder: Path) -> int:
    """Deleted vectors that embedded Chroma still holds in ``folder``; all of lost collections too.

    Its graphs keep a file with four bytes for each vector, at least for 100. It is written every
    1,000 vectors, so that the newest are missing here.

    Raises:
        IndexUnavailable: it can't be opened.
    """
    held = 0
    with suppress(OSError):
        held = sum(file.stat().st_size // 4 for file in folder.glob("*/length.bin"))
    return max(0, held - library.vectors.count())


def is_crowded(library: Library, folder: Path) -> bool:
    """Whether there are more dead vectors than living ones, and enough to be worth the work.

    Raises:
        IndexUnavailable: it can't be opened.
    """
    dead = dead_vectors(library, folder)
    return dead >= FEWEST_DEAD and dead > library.vectors.count()


def compact(library: Library, folder: Path, told: Told = lambda _done, _all: None) -> None:
    """Build embedded Chroma again without its dead. Callers hold `writer_lock`.

    Questions are answered meanwhile, but for the moment in which it is opened. Other processes see
    the new one with their next question, as after any ingest. ``told`` is called with vectors done
    and in all; what it raises ends the work and leaves the old index as it was. So does an error.

    Raises:
        IndexUnavailable: the new one can't be written; the disk is full, for one.
    """
    assert isinstance(library.vectors, ChromaIndex)  # noqa: S101  # the only embedded one
    library.refresh_if_changed(wait=True)
    try:
        health.build_vectors(library, folder, told)
    except BaseException:
        health.drop_unfinished(folder)
        raise
    library.vectors.exchange(lambda: _swap(folder))
    library.writer.bump()
    with suppress(FootnoteError):  # it is opened again by the next question
        library.refresh()


def _swap(folder: Path) -> None:
    old = health.swap(folder)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    # As after any opening: until it is closed again, only a killed process leaves it without.
    (folder / probing.SEAL_NAME).unlink(missing_ok=True)
