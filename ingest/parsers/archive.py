"""Zip containers (Office files, EPUB), opened only after their sizes were checked.

A zip bomb unpacks to thousands of times its size. The declared sizes are checked from the
directory; that they hold is zipfile's doing, through which all our libraries read: it never gives
more of a member than its declared size, and a member that would give more fails its checksum.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from app.errors import UnreadableDocument
from ingest.parsers.limits import MIB, Limits

MAX_MEMBERS = 20_000
"""Files in one container; the largest real decks and workbooks have a few thousand."""

MAX_RATIO = 200
"""Unpacked ÷ packed size of a large member; dense XML reaches 20 to 60, a bomb 1,000."""

RATIO_FLOOR = 10 * MIB
"""Unpacked size below which the ratio says nothing: repetitive small files pack very well."""


def open_zip(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The container, when its sizes are within ``limits``.

    Raises:
        UnreadableDocument: it is damaged, encrypted, or would unpack to too much.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableDocument(
            "The file is damaged: its contents list can't be read.",
            "Open it in its program, save it again, and ingest the new copy.",
        ) from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise _bomb(f"holds {len(members):,} files")
    declared = sum(member.file_size for member in members)
    if declared > limits.max_unpacked_bytes:
        raise _bomb(
            f"would unpack to {declared // MIB:,} MB, "
            f"more than the limit of {limits.max_unpacked_bytes // MIB:,} MB"
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise UnreadableDocument(
                "The file is encrypted: its parts need a password.",
                "Save a copy without a password.",
            )
        if member.file_size > RATIO_FLOOR and member.file_size > MAX_RATIO * max(
            member.compress_size, 1
        ):
            raise _bomb(
                f"has a part that unpacks to {member.file_size // max(member.compress_size, 1):,} "
                "times its size"
            )
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of one member.

    Raises:
        KeyError: there is no such member.
        UnreadableDocument: it is damaged.
    """
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        raise UnreadableDocument(
            f"The file is damaged: its part {name} can't be unpacked.",
            "Open it in its program, save it again, and ingest the new copy.",
        ) from error


def _bomb(what: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"The file {what}: it looks like a zip bomb.",
        "If it is genuine, split it or raise FOOTNOTE_MAX_UNPACKED_MB.",
    )
