"""Git repositories, fetched by the git program from disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.errors import BadRequest, UnreadableDocument
from ingest.filters import Filters
from ingest.git_repositories import list_repository
from ingest.items import Listing
from ingest.sources import folded, kind_of


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "README.md").write_text("# Read me")
    (path / "docs").mkdir()
    (path / "docs" / "a.md").write_text("One.")
    git(path, "add", ".")
    git(path, "commit", "--quiet", "-m", "first")
    git(path, "tag", "v1")
    (path / "docs" / "a.md").write_text("Two.")
    git(path, "commit", "--quiet", "-am", "second")
    (path / "untracked.md").write_text("not committed")
    return path


def fetch(repository: Path, tmp_path: Path, ref: str = "") -> Listing:
    folder = tmp_path / f"copy-{ref or 'head'}"
    folder.mkdir()
    return list_repository(str(repository), ref, Filters(), 10**6, folder)


def test_what_is_committed_is_listed_under_the_repositorys_address(
    repository: Path, tmp_path: Path
) -> None:
    listing = fetch(repository, tmp_path)
    assert [item.source for item in listing.items] == [
        f"{repository}#README.md",
        f"{repository}#docs/a.md",
    ]
    assert listing.items[1].read() == b"Two."
    assert listing.items[1].modified_at is None


def test_a_tag_a_branch_and_a_commit_can_be_named(repository: Path, tmp_path: Path) -> None:
    for ref in ("v1", git(repository, "rev-parse", "v1")):
        listing = fetch(repository, tmp_path, ref)
        assert listing.uri == f"{repository}@{ref}"
        assert listing.items[1].read() == b"One."


def test_an_unchanged_file_keeps_its_stamp_through_another_copy(
    repository: Path, tmp_path: Path
) -> None:
    old, new = fetch(repository, tmp_path, "v1"), fetch(repository, tmp_path)
    assert old.items[0].stamp == new.items[0].stamp != ""
    assert old.items[1].stamp != new.items[1].stamp
    assert len(new.items[0].stamp) <= 24


def test_a_file_that_left_the_repository_is_gone(repository: Path, tmp_path: Path) -> None:
    listing = fetch(repository, tmp_path)
    assert listing.covers(f"{repository}#docs/b.md")
    assert listing.gone(f"{repository}#docs/b.md")
    assert not listing.gone(f"{repository}#docs/a.md")
    assert not listing.covers("/elsewhere#docs/b.md")


def test_a_link_cannot_lead_out_of_the_copy(repository: Path, tmp_path: Path) -> None:
    (repository / "passwd.txt").symlink_to("/etc/passwd")
    git(repository, "add", "passwd.txt")
    git(repository, "commit", "--quiet", "-m", "link")
    listing = fetch(repository, tmp_path)
    assert len(listing.items) == 2
    assert [warning.path for warning in listing.warnings] == [f"{repository}#passwd.txt"]


@pytest.mark.parametrize("ref", ["", "no-such-branch"])
def test_what_cannot_be_fetched_is_said_in_gits_words(
    repository: Path, tmp_path: Path, ref: str
) -> None:
    target = repository if ref else tmp_path / "nothing.git"
    with pytest.raises(UnreadableDocument, match="can't be fetched"):
        fetch(target, tmp_path, ref)


def test_an_address_cannot_be_an_option(tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        list_repository("--upload-pack=touch x", "", Filters(), 10**6, tmp_path)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("docs", "path"),
        ("/srv/docs.git.md", "path"),
        ("https://example.org/a", "url"),
        ("https://example.org/a.git", "git"),
        ("https://example.org/a.git/", "git"),
        ("ssh://git@example.org/a.git", "git"),
        ("git@example.org:team/a.git", "git"),
    ],
)
def test_a_target_is_a_repository_when_its_address_says_so(target: str, kind: str) -> None:
    assert kind_of(target) == kind


def test_git_is_used_for_anything_when_asked_for() -> None:
    assert kind_of("https://example.org/a", git=True) == "git"
    assert kind_of("docs", git=True) == "git"


def test_other_schemes_are_refused() -> None:
    with pytest.raises(BadRequest, match="only files, folders"):
        kind_of("ftp://example.org/a")


def test_targets_that_name_the_same_thing_are_folded(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "link").symlink_to("docs")
    targets = [
        str(tmp_path / "docs"),
        str(tmp_path / "docs") + "/",
        str(tmp_path / "x" / ".." / "docs"),
        str(tmp_path / "link"),
        "http://example.org",
        "http://example.org:80/#top",
    ]
    assert list(folded(targets)) == [targets[0], targets[4]]
