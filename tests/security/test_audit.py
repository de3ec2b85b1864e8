"""`make audit` fails on what it finds, and never calls checked what it could not check."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from requirements.audit import NOT_CHECKED, Outcome, read_report, verdict

ROOT = Path(__file__).resolve().parents[2]


def report(*packages: dict[str, object]) -> Outcome:
    return read_report(json.dumps({"dependencies": packages, "fixes": []}))


CLEAN: dict[str, object] = {"name": "idna", "version": "3.7", "vulns": []}
SKIPPED: dict[str, object] = {
    "name": "idna",
    "skip_reason": "Dependency not found on PyPI and could not be audited",
}
BAD: dict[str, object] = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2014-8"}, {"id": "GHSA-x"}],
}


def test_a_known_vulnerability_fails_and_is_named() -> None:
    code, words = verdict("runtime.lock", {"pypi": report(CLEAN, BAD, SKIPPED)})
    assert code == 1
    assert "jinja2 2.4.1: PYSEC-2014-8, GHSA-x" in words


def test_what_no_source_knows_is_not_called_checked() -> None:
    nothing = [report(SKIPPED, SKIPPED), read_report(""), read_report("Traceback"), report()]
    for outcome in nothing:
        code, words = verdict("runtime.lock", {"pypi": outcome, "osv": read_report("")})
        assert code == 0
        assert NOT_CHECKED in words
        assert "no known vulnerability" not in words


def test_what_was_checked_is_counted() -> None:
    code, words = verdict("dev.lock", {"pypi": report(CLEAN, CLEAN, SKIPPED)})
    assert code == 0
    assert "2 packages, no known vulnerability (pypi); 1 are not known there" in words


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "key = 'AKIA" + "Q7" * 8 + "'",
        "token = 'ghp_" + "aB3" * 12 + "'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "url = 'postgresql://footnote:" + "s3cr3tpw" + "@db.internal/records'",
    ],
)
def test_a_key_in_a_file_fails_the_scan(tmp_path: Path, line: str) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"{line}\n")
    program = Path(sys.executable).with_name("detect-secrets-hook")
    done = subprocess.run(
        [program, "--baseline", ROOT / ".secrets.baseline", file],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout
