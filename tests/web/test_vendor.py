"""Vendored scripts are exactly what their README says."""

from __future__ import annotations

import hashlib
import re

import pytest

from app.web.templating import STATIC

VENDOR = STATIC / "vendor"
ROWS = re.findall(
    r"^\| `(?P<file>[^`]+)` \|.*\| `(?P<hash>[0-9a-f]{64})` \| (?P<license>[^|]+) \|$",
    (VENDOR / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(("name", "digest", "license_name"), ROWS)
def test_a_vendored_file_has_the_hash_that_the_readme_lists(
    name: str, digest: str, license_name: str
) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    assert license_name.strip()


def test_every_vendored_file_is_listed() -> None:
    files = {path.name for path in VENDOR.iterdir()} - {"README.md"}
    assert files == {name for name, _, _ in ROWS}


def test_htmx_is_the_version_that_the_readme_names() -> None:
    stated = re.search(r"htmx\.org`\]\(.*\) (\S+),", (VENDOR / "README.md").read_text("utf-8"))
    assert stated
    assert f'this.version="{stated[1]}"' in (VENDOR / "htmx.min.js").read_text(encoding="utf-8")
