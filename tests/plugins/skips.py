"""In CI a skipped test is a failed test, unless `allowed_skips.txt` allows its reason.

A suite that skips what it can't run stays green while it proves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ALLOWED = Path(__file__).parent.parent / "allowed_skips.txt"
ACTIVE = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def allowed(reason: str) -> bool:
    """Whether a line of the file matches the whole reason."""
    lines = (line.strip() for line in ALLOWED.read_text(encoding="utf-8").splitlines())
    return any(fnmatchcase(reason, line) for line in lines if line and not line.startswith("#"))


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip whose reason isn't allowed into a failure that says so."""
    if not ACTIVE or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = said.removeprefix("Skipped: ")
    if not allowed(reason):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not accept: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at the outcome of every test's set-up, call and teardown."""
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at modules that skip themselves."""
    report = yield
    refuse_skip(report)
    return report
