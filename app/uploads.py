"""Files that a request carries: read while they arrive, within the settings' limits."""

from __future__ import annotations

import tempfile
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, overload

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.errors import BadRequest, TooLarge
from app.settings import Settings

_MAX_NAME = 200
_SPOOL_BYTES = 1024 * 1024
"""Files up to this size stay in memory while they arrive; larger ones go to a temporary file."""
_MAX_FIELD_BYTES = 10_000
_MAX_FIELDS = 100


class SpooledFiles(Sequence[tuple[str, bytes]]):
    """``(name, bytes)`` of uploaded files, read from temporary files one at a time."""

    def __init__(self) -> None:
        self._files: list[tuple[str, IO[bytes]]] = []

    def append(self, name: str, file: IO[bytes]) -> None:
        """Add a file whose content is complete."""
        self._files.append((name, file))

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, index: int) -> tuple[str, bytes]: ...

    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, bytes]]: ...

    def __getitem__(self, index: int | slice) -> tuple[str, bytes] | list[tuple[str, bytes]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        name, file = self._files[index]
        file.seek(0)
        return name, file.read()

    def close(self) -> None:
        """Delete the temporary files."""
        for _, file in self._files:
            file.close()


@dataclass(frozen=True, slots=True)
class Refused:
    """An uploaded file that was not taken; ``reason`` is a sentence for a person."""

    name: str
    reason: str


@dataclass(slots=True)
class Upload:
    """A multipart form: files that can be queued, files that were refused, and plain fields.

    Names are base names, unique within the upload. Call `close` when the files have been queued.
    """

    files: SpooledFiles = field(default_factory=SpooledFiles)
    refused: list[Refused] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Delete the temporary files."""
        self.files.close()

    def require_files(self) -> None:
        """Check that something can be queued.

        Raises:
            BadRequest: no file was sent.
            TooLarge: every file was refused.
        """
        if self.files:
            return
        if self.refused:
            raise TooLarge(" ".join(refused.reason for refused in self.refused))
        raise BadRequest("No file was sent.", "Send one or more files in the form field “files”.")


async def read_upload(request: Request, settings: Settings) -> Upload:
    """Read a multipart request; the limits are enforced while it arrives, not after.

    A file that grows past ``max_file_mb`` is dropped at once and listed as refused; the rest of the
    upload goes on. Memory and disk stay bounded by the settings whatever is sent.

    Raises:
        BadRequest: the body is not a multipart form, or holds more than ``max_upload_files`` files.
        TooLarge: the announced length is more than the limits allow together.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadRequest(
            "Files must be sent as a multipart form.",
            "With curl: -F files=@handbook.pdf -F collection=people.",
        )
    announced = request.headers.get("content-length", "")
    most = settings.max_upload_files * settings.max_file_mb
    if announced.isdecimal() and int(announced) > (most + 1) * 1024 * 1024:
        raise TooLarge(
            f"The upload is larger than {most:,} MB.", "Send the files in several uploads."
        )
    form = _FormReader(boundary, settings)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(form.feed, chunk)
        return form.finish()
    except BaseException as error:
        form.abandon()
        if isinstance(error, FormParserError):
            raise BadRequest(
                "The upload arrived incomplete or malformed.", "Send the files again."
            ) from error
        raise


class _FormReader:
    """Takes a multipart body in pieces; holds at most one open part."""

    def __init__(self, boundary: bytes, settings: Settings) -> None:
        self.upload = Upload()
        self._max_files = settings.max_upload_files
        self._max_mb = settings.max_file_mb
        self._seen = 0
        self._names: Counter[str] = Counter()
        self._done = False
        self._header, self._value = b"", b""
        self._disposition = b""
        self._field, self._name = "", ""
        self._text = bytearray()
        self._file: IO[bytes] | None = None
        self._size = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def finish(self) -> Upload:
        self._parser.finalize()
        if not self._done:
            raise FormParserError("the closing boundary is missing")
        return self.upload

    def abandon(self) -> None:
        self.upload.close()
        self._drop()

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _part_begin(self) -> None:
        self._disposition = b""
        self._field, self._name = "", ""
        self._text.clear()
        self._size = 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            return
        raw = options[b"filename"].decode("utf-8", "replace")
        if not raw:
            # A browser sends an empty part for a file field that was left empty.
            return
        self._seen += 1
        if self._seen > self._max_files:
            raise BadRequest(
                f"At most {self._max_files} files can be sent at once.",
                "Send the others in another upload.",
            )
        self._name = self._unique(base_name(raw))
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115  # closed by Upload.close

    def _unique(self, name: str) -> str:
        self._names[name] += 1
        count = self._names[name]
        if count == 1:
            return name
        path = PurePosixPath(name)
        return self._unique(f"{path.stem} ({count}){path.suffix}")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._file is not None:
            if self._size > self._max_mb * 1024 * 1024:
                self._drop()
                self.upload.refused.append(
                    Refused(self._name, f"“{self._name}” is larger than {self._max_mb} MB.")
                )
                return
            self._file.write(data[start:end])
        elif not self._name:
            if self._size > _MAX_FIELD_BYTES:
                raise TooLarge(f"The form field “{self._field}” is too long.", "Shorten it.")
            self._text += data[start:end]

    def _part_end(self) -> None:
        if self._file is not None:
            self.upload.files.append(self._name, self._file)
            self._file = None
        elif not self._name and self._field and len(self.upload.fields) < _MAX_FIELDS:
            self.upload.fields[self._field] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self._done = True


def base_name(raw: str) -> str:
    """A file name that is safe to store and show: no folders, no control characters, not endless.

    ``../../etc/passwd`` gives ``passwd``; what leaves nothing gives ``unnamed``.
    """
    name = unicodedata.normalize("NFC", raw).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs")).strip()
    if name in ("", ".", ".."):
        return "unnamed"
    if len(name) > _MAX_NAME:
        path = PurePosixPath(name)
        suffix = path.suffix[:20]
        name = name[: _MAX_NAME - len(suffix)] + suffix
    return name
