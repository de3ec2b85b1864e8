"""Build the sample company's binary documents from readable sources.

``sources/<department>/<name>.<ext>.md`` or ``.yaml`` becomes
``documents/<department>/<name>.<ext>``: PDF, DOCX and EPUB from Markdown, PPTX and
XLSX from YAML. The same sources always give the same bytes, so what is committed can
be compared with a fresh build: ``python -m ingest.sample.generate --check``.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ingest.sample.epub import epub
from ingest.sample.office import sheets, slides, word
from ingest.sample.pdf import pdf

HERE = Path(__file__).parent
BUILDERS: dict[str, Callable[[Path], bytes]] = {
    ".pdf.md": pdf,
    ".docx.md": word,
    ".epub.md": epub,
    ".pptx.yaml": slides,
    ".xlsx.yaml": sheets,
}


def built(sources: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each document's path below its root, and its content."""
    for source in sorted(path for path in sources.rglob("*") if path.is_file()):
        ending = "".join(source.suffixes[-2:])
        if ending not in BUILDERS:
            raise ValueError(f"{source}: no builder for {ending}")
        yield source.relative_to(sources).with_suffix(""), BUILDERS[ending](source)


def same(one: bytes, other: bytes) -> bool:
    """Compare two files; zipped ones by what they hold, for another zlib packs it otherwise."""
    if one == other or not (one.startswith(b"PK") and other.startswith(b"PK")):
        return one == other
    with zipfile.ZipFile(io.BytesIO(one)) as left, zipfile.ZipFile(io.BytesIO(other)) as right:
        names = left.namelist()
        return names == right.namelist() and all(left.read(n) == right.read(n) for n in names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write every document, or with ``--check`` say which are not as their sources make them."""
    parser = argparse.ArgumentParser(description="Build the sample's binary documents.")
    parser.add_argument(
        "--check", action="store_true", help="compare, write nothing; 1 if they differ"
    )
    check = parser.parse_args(arguments).check
    differ = 0
    for name, content in built(HERE / "sources"):
        target = HERE / "documents" / name
        if target.is_file() and same(target.read_bytes(), content):
            continue
        differ += 1
        print(f"{'differs' if check else 'written'}: {name.as_posix()}")  # noqa: T201
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return 1 if check and differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
