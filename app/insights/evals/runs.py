"""Which runs there are: those that `footnote eval` kept on this machine, and committed reports.

Listing reads the head of each file only: figures stand before the rows, which are most of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.access import reach
from app.errors import BadRequest, NotFound
from app.insights.evals.run_file import FORMAT, RunFile, read_run_file
from app.settings import Settings

COMMITTED = "report"
"""Stem of a committed report; it is called what its folder is called."""
_ROWS = b'\n "rows": ['
_BLOCK = 65_536
_TAIL = 512
_FORMAT = re.compile(rb'"format": (\d+)')
_ADAPTER = TypeAdapter(RunFile)


@dataclass(frozen=True, slots=True)
class RunHead:
    """A run in the list. ``run`` is without its rows; None where ``problem`` says why.

    ``made``: when, in UTC; of a file that can't be read, when it was written. ``committed``: part
    of the project, not of this machine. ``baseline``: gates compare with it.
    """

    name: str
    path: Path
    made: datetime
    run: RunFile | None
    problem: str = ""
    committed: bool = False
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs in two places. ``kept``: a folder of JSON files; ``baseline``: a committed report.

    Beside the baseline's folder lie the folders of other committed reports. Neither has to exist.
    """

    kept: Path
    baseline: Path

    @classmethod
    def of(cls, settings: Settings) -> Runs:
        """Those that the settings name."""
        return cls(kept_folder(settings), settings.eval_report)

    def heads(self) -> list[RunHead]:
        """Every run in reach, newest first; a broken file is among them, with its problem."""
        found = [self._head(name, path) for name, path in self._files()]
        seen = [one for one in found if one.run is None or in_reach(one.run, one.committed)]
        return sorted(seen, key=lambda head: (head.made, head.name), reverse=True)

    def names(self) -> list[str]:
        """What runs in reach are called."""
        return [head.name for head in self.heads()]

    def find(self, name: str) -> RunFile:
        """The run called ``name``, whole.

        Raises:
            NotFound: there is none in reach.
            BadRunFile: its file is not a report of this format.
        """
        path = dict(self._files()).get(name)
        if path is not None:
            run = read_run_file(path)
            if in_reach(run, self._committed(path)):
                return run
        raise NotFound(
            f"There is no eval run “{name[:80]}”.",
            "All of them are on /evals, and `footnote eval runs` lists them.",
        )

    def named_or_file(self, given: str) -> RunFile:
        """A run by its name, or by the path of its file or folder.

        Raises:
            NotFound: it is neither.
            BadRunFile: the file is not a report of this format.
        """
        if given in self.names():
            return self.find(given)
        path = Path(given)
        if path.is_dir():
            path /= f"{COMMITTED}.json"
        if path.is_file():
            return read_run_file(path)
        raise NotFound(
            f"“{given[:80]}” is neither an eval run nor a file.", "See `footnote eval runs`."
        )

    def base(self, than: RunFile | None = None) -> RunFile | None:
        """The baseline; None where there is none that can be read, or ``than`` is the baseline."""
        if than is not None and _same(than.path, self.baseline):
            return None
        try:
            return read_run_file(self.baseline)
        except (BadRequest, NotFound):
            return None

    def _head(self, name: str, path: Path) -> RunHead:
        try:
            stat = path.stat()
            written = datetime.fromtimestamp(stat.st_mtime, UTC)
            run, problem = _read_head(path, name, stat.st_mtime_ns, stat.st_size)
        except OSError as error:  # gone since the folder was read, or not ours to read
            written, run = datetime.fromtimestamp(0, UTC), None
            problem = f"It can't be read: {error.strerror or error}."
        return RunHead(
            name=name,
            path=path,
            made=_moment(run.made_at, written) if run else written,
            run=run,
            problem=problem,
            committed=self._committed(path),
            baseline=_same(path, self.baseline),
        )

    def _committed(self, path: Path) -> bool:
        return path.stem == COMMITTED and not _same(path.parent, self.kept)

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Name and path of each; where two have the same name, the committed one has it."""
        seen: set[str] = set()
        beside = sorted(self.baseline.parent.parent.glob(f"*/{COMMITTED}.json"))
        for path in (self.baseline, *beside, *sorted(self.kept.glob("*.json"))):
            name = name_of(path)
            if name not in seen and path.is_file():
                seen.add(name)
                yield name, path


def in_reach(run: RunFile, committed: bool) -> bool:
    """Whether the reader may see a run: one that searched people's documents is like these.

    Committed reports are part of the project. A kept run that does not say what it searched is
    shown to those who may see everything.
    """
    sees = reach()
    if committed or not sees.limited:
        return True
    searched = run.environment.get("searched")
    return isinstance(searched, list) and all(sees.sees(str(name)) for name in searched)


def name_of(path: Path) -> str:
    """What the run in ``path`` is called."""
    return path.parent.name if path.stem == COMMITTED else path.stem


def kept_folder(settings: Settings) -> Path:
    """Where `footnote eval` keeps its runs."""
    return Path(settings.eval_runs) if settings.eval_runs else settings.data_dir / "evals"


def history(heads: Sequence[RunHead], dataset: str) -> list[RunFile]:
    """The readable runs of a dataset, oldest first, for its course over time."""
    found = [head for head in heads if head.run is not None and head.run.dataset == dataset]
    return [head.run for head in reversed(found) if head.run is not None]


# --- steps ----------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _read_head(path: Path, name: str, _changed: int, _size: int) -> tuple[RunFile | None, str]:
    """The run without its rows, or why there is none. A file that changed is read again."""
    try:
        data = _without_rows(path)
        made = data["format"]
        if made != FORMAT:
            return None, f"It is of format {made}; this release reads {FORMAT}. Make it anew."
        return _ADAPTER.validate_python(data | {"name": name, "path": path, "rows": ()}), ""
    except OSError as error:
        return None, f"It can't be read: {error.strerror or error}."
    except (ValueError, KeyError, TypeError, ValidationError):
        return None, "It is not the report of an eval."


def _without_rows(path: Path) -> dict[str, Any]:
    """The file up to its rows; all of it where it is laid out in another way."""
    with path.open("rb") as file:
        read = b""
        while _ROWS not in read and (block := file.read(_BLOCK)):
            read += block
        at = read.find(_ROWS)
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = _FORMAT.findall(file.read())
    if at < 0:
        return _mapping(json.loads(read))
    data = _mapping(json.loads(read[:at].rstrip().removesuffix(b",") + b"}"))
    if "format" not in data and tail:
        data["format"] = int(tail[-1])
    return data if "format" in data else _mapping(json.loads(path.read_bytes()))


def _mapping(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError("a report is an object")
    return data


def _moment(text: str, otherwise: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()
