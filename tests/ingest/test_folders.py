"""What a folder lists."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import BadRequest, NotFound, UnreadableDocument
from ingest.filters import Filters
from ingest.folders import list_path
from ingest.items import Listing, safe_name
from ingest.parsers.limits import MIB
from tests.ingest.conftest import Write

LIMIT = 100 * MIB


def listed(folder: Path, filters: Filters | None = None, limit: int = LIMIT) -> Listing:
    return list_path(folder, filters or Filters(), limit)


def names(listing: Listing) -> list[str]:
    return [item.source.removeprefix(listing.uri + "/") for item in listing.items]


def test_every_supported_file_is_listed_with_size_and_time(folder: Path, write: Write) -> None:
    write("a.md", "# A")
    path = write("deep/er/b.html", "<p>B</p>")
    listing = listed(folder)
    assert names(listing) == ["a.md", "deep/er/b.html"]
    assert listing.items[1].size == 8
    assert listing.items[1].stamp == str(path.stat().st_mtime_ns)
    assert listing.items[1].read() == b"<p>B</p>"


def test_hidden_files_are_left_out_unless_asked_for(folder: Path, write: Write) -> None:
    write(".secret.md", "x")
    write(".config/a.md", "x")
    write(".git/readme.md", "x")
    assert names(listed(folder)) == []
    assert names(listed(folder, Filters(hidden=True))) == [".config/a.md", ".secret.md"]


def test_include_and_exclude_globs_follow_gits_rules(folder: Path, write: Write) -> None:
    for name in ("a.md", "b.txt", "drafts/c.md", "drafts/keep/d.md", "notes/e.md"):
        write(name, "x")
    assert names(listed(folder, Filters(include=["*.md"]))) == [
        "a.md",
        "drafts/c.md",
        "drafts/keep/d.md",
        "notes/e.md",
    ]
    assert names(listed(folder, Filters(include=["*.md"], exclude=["drafts/"]))) == [
        "a.md",
        "notes/e.md",
    ]
    assert names(listed(folder, Filters(include=["/notes/**", "b.*"]))) == ["b.txt", "notes/e.md"]


def test_a_pattern_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadRequest, match="pattern"):
        Filters(include=["!"])


def test_footnoteignore_is_obeyed_at_every_level(folder: Path, write: Write) -> None:
    for name in ("a.md", "b.md", "old/c.md", "sub/d.md", "sub/e.md", "sub/old/f.md"):
        write(name, "x")
    write(".footnoteignore", "# comment\nold/\nb.md\nd.md\n")
    write("sub/.footnoteignore", "!d.md\ne.md\n")
    assert names(listed(folder)) == ["a.md", "sub/d.md"]


def test_a_bad_line_in_footnoteignore_is_reported_and_the_others_count(
    folder: Path, write: Write
) -> None:
    write("a.md", "x")
    write("b.md", "x")
    write(".footnoteignore", "!\nb.md\n")
    listing = listed(folder)
    assert names(listing) == ["a.md"]
    assert [problem.path for problem in listing.problems] == [f"{folder}/.footnoteignore"]


def test_unsupported_formats_are_counted_by_extension(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "style.css").write_text("body { color: red }")
    (folder / "core").write_bytes(bytes(range(256)) * 8)
    listing = listed(folder)
    assert names(listing) == []
    assert listing.skipped == {".png": 2, ".css": 1, "no extension": 1}
    assert listing.problems == []


def test_a_document_is_recognized_without_its_extension(folder: Path) -> None:
    (folder / "README").write_text("Read me first. It is short.")
    (folder / "report.dat").write_bytes(b"%PDF-1.7 ...")
    (folder / "saved.page").write_text("<!doctype html><html><p>Saved</p></html>")
    assert names(listed(folder)) == ["README", "report.dat", "saved.page"]


def test_a_pipe_and_a_socket_are_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path must be short
        listener.bind("s.md")
        os.chdir(here)
        assert listed(folder).skipped == {"special file": 2}


def test_a_file_over_the_limit_is_refused_without_being_read(folder: Path) -> None:
    big = folder / "big.txt"
    with big.open("wb") as file:
        file.truncate(200 * MIB)  # sparse: no disk is used
    (item,) = listed(folder).items
    assert item.refused is not None
    assert "200 MB" in item.refused.detail
    assert "FOOTNOTE_MAX_FILE_MB" in item.refused.action


def test_link_loops_end_and_nothing_is_listed_twice(folder: Path, write: Write) -> None:
    write("a/one.md", "x")
    (folder / "a" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "a")
    (folder / "one-again.md").symlink_to(folder / "a" / "one.md")
    (folder / "self.md").symlink_to("self.md")
    listing = listed(folder)
    assert names(listing) == ["a/one.md"]
    assert [(p.path, p.reason) for p in listing.problems] == [
        (f"{folder}/self.md", "The link leads back to itself.")
    ]


def test_a_link_to_what_the_walk_would_not_see_is_followed_inside_the_root(
    folder: Path, write: Write
) -> None:
    # The way Kubernetes mounts a ConfigMap: visible links into a hidden, dated folder.
    write("..2026/a.md", "x")
    (folder / "..data").symlink_to("..2026")
    (folder / "a.md").symlink_to("..data/a.md")
    (folder / "shown").symlink_to("..data")
    assert names(listed(folder)) == ["a.md"]


def test_a_link_out_of_the_folder_is_reported_and_not_followed(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.md").write_text("x")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "all").symlink_to("/")
    listing = listed(folder)
    assert names(listing) == []
    assert [warning.path for warning in listing.warnings] == [f"{folder}/all", f"{folder}/out.md"]


def test_a_link_cannot_bring_back_what_is_ignored(folder: Path, write: Write) -> None:
    write("private/a.md", "x")
    write(".footnoteignore", "private/\n")
    (folder / "public").symlink_to("private")
    (folder / "b.md").symlink_to("private/a.md")
    assert names(listed(folder)) == []


def test_a_broken_link_is_reported(folder: Path) -> None:
    (folder / "gone.md").symlink_to("nowhere.md")
    (problem,) = listed(folder).problems
    assert (problem.path, problem.reason) == (f"{folder}/gone.md", "The link leads nowhere.")


def test_a_path_that_does_not_exist_names_the_nearest_folder_that_does(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"nearest folder that exists is {tmp_path}\\."):
        list_path(tmp_path / "no" / "such" / "file.md", Filters(), LIMIT)


def test_a_file_below_a_file_does_not_exist(write: Write) -> None:
    path = write("a.md", "x")
    with pytest.raises(NotFound):
        list_path(path / "b.md", Filters(), LIMIT)


def test_a_device_is_neither_file_nor_folder() -> None:
    with pytest.raises(BadRequest, match="neither a file nor a folder"):
        list_path(Path("/dev/null"), Filters(), LIMIT)


def test_a_link_that_loops_is_refused_as_a_target(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises((UnreadableDocument, BadRequest)):
        list_path(tmp_path / "a", Filters(), LIMIT)


@pytest.mark.parametrize(
    "name",
    [
        b"caf\xc3\xa9.md",
        b"cafe\xcc\x81.md",
        b"caf\xe9.md",
        b"two\nlines.md",
        b"tab\tand \x1b[31mred.md",
        "שלום 日本 😀.md".encode(),
        b"[bold]rich[end].md",
        b" leading and trailing .md",
        b"-rf.md",
    ],
)
def test_any_name_can_be_listed_stored_and_read(folder: Path, name: bytes) -> None:
    path = folder / os.fsdecode(name)
    path.write_bytes(b"text")
    listing = listed(folder)
    (item,) = listing.items
    item.source.encode("utf-8")
    assert item.read() == b"text"
    assert listing.covers(item.source)
    assert not listing.gone(item.source)
    path.unlink()
    assert listing.gone(item.source)


def test_composed_and_decomposed_names_match_the_same_pattern(folder: Path) -> None:
    (folder / "caf\u00e9.md").write_text("x")
    (folder / "cafe\u0301.md").write_text("x")
    assert len(listed(folder, Filters(include=["caf\u00e9.md"])).items) == 2
    assert len(listed(folder, Filters(exclude=["cafe\u0301.md"])).items) == 0


def test_a_name_with_a_newline_can_be_ignored(folder: Path, write: Write) -> None:
    write("old/two\nlines.md", "x")
    assert names(listed(folder, Filters(exclude=["old/"]))) == []


def test_two_names_that_would_be_stored_alike_are_told_apart(folder: Path) -> None:
    (folder / "caf\\xe9.md").write_text("x")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("y")
    listing = listed(folder)
    assert len(listing.items) == 1
    assert len(listing.problems) == 1


def test_a_name_keeps_its_letters() -> None:
    assert safe_name("café 日本.md") == "café 日本.md"
    assert safe_name(os.fsdecode(b"caf\xe9.md")) == "caf\\xe9.md"


def test_what_was_filtered_out_is_not_covered_and_what_is_ignored_is_gone(
    folder: Path, write: Write
) -> None:
    write("a.md", "x")
    write("b.txt", "x")
    write(".footnoteignore", "ignored/\n")
    write("ignored/c.md", "x")
    listing = listed(folder, Filters(include=["*.md"]))
    assert not listing.covers(f"{folder}/b.txt")
    assert not listing.covers("/elsewhere/a.md")
    assert not listing.covers(f"{folder}/.hidden/a.md")
    assert listing.gone(f"{folder}/ignored/c.md")
    assert listing.gone(f"{folder}/never/was.md")
    assert not listing.gone(f"{folder}/a.md")


# --- permissions: the tests may run as root, whom nothing stops, so somebody else looks


def as_nobody(folder: Path, script: str) -> str:
    """Run ``script`` without root's rights; as whoever we are when we have none."""
    drop = "import os\nif os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
    prelude = (
        "import sys\nfrom pathlib import Path\n"
        "from app.errors import FootnoteError\n"
        "from ingest.filters import Filters\nfrom ingest.folders import list_path\n"
        "from ingest.parsers import formats\n"
        f"{drop}folder = Path({str(folder)!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def open_folder(folder: Path, tmp_path: Path) -> Path:
    """The folder, with a way to it for everybody."""
    for path in (folder, tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    return folder


def test_an_unreadable_file_is_listed_and_says_why_it_cannot_be_read(
    open_folder: Path, write: Write
) -> None:
    write("a.md", "x").chmod(0)
    out = as_nobody(
        open_folder,
        "for item in list_path(folder, Filters(), 10**6).items:\n"
        "    try: item.read()\n"
        "    except FootnoteError as error: print(item.name, error.detail)\n",
    )
    assert out == "a.md The file can't be opened: permission denied.\n"


def test_an_unreadable_folder_is_reported_and_its_documents_are_not_gone(
    open_folder: Path, write: Write
) -> None:
    write("locked/a.md", "x")
    write("b.md", "x")
    (open_folder / "locked").chmod(0)
    try:
        out = as_nobody(
            open_folder,
            "listing = list_path(folder, Filters(), 10**6)\n"
            "print([item.name for item in listing.items])\n"
            "print(listing.problems[0].reason)\n"
            "print(listing.gone(f'{folder}/locked/a.md'))\n",
        )
    finally:
        (open_folder / "locked").chmod(0o755)
    assert out == "['b.md']\nThe folder can't be opened: permission denied.\nFalse\n"
