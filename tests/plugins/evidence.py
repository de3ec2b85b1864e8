"""``pytest --evidence=FILE``: which acceptance criteria's tests passed, failed or did not run.

FILE is `evals/reports/acceptance.json`, which the launch page reads. A run that is only a part of
the suite updates the criteria whose tests all ran in it, and leaves the others as they were: parts
add up. A test that failed counts at once, also where others did not run; a skipped test proves
nothing, so its criterion stays "not run".
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from app.insights.launch.evidence import SuiteRun

MOST_FAILURES = 10
_GROUP = re.compile(r"@[^\]@]*$")
"""What xdist's loadgroup adds to a test's id."""
_NARROWED = "footnote_deselected"


@dataclass
class Ran:
    """What became of each test of a run: node id → passed, failed or skipped.

    ``broken``: files that could not be collected. ``chosen``: what the command line named.
    ``left_out``: deselected. ``partial``: files may have been left out without a trace (``--lf``,
    ``--ignore``).
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    chosen: list[str] = field(default_factory=list)
    partial: bool = False

    def saw(self, node: str, outcome: str) -> None:
        """A phase of a test has ended; the worst of its phases counts."""
        order = ("failed", "skipped", "passed")
        known = self.outcomes.get(node, "passed")
        self.outcomes[node] = min(known, outcome, key=order.index)

    def of(self, tests: Iterable[str]) -> tuple[str, dict[str, str]]:
        """The outcome for these files, folders or functions, and that of each of their tests."""
        tests = list(tests)
        found = {node: what for node, what in self.outcomes.items() if _among(node, tests)}
        for file in self.broken:
            if _among(file, tests) or any(_within(one, file) for one in tests):
                found[file] = "failed"
        if "failed" in found.values():
            return "failed", found
        missing = {node for node in self.collected - set(found) if _among(node, tests)}
        missing |= {node for node in self.left_out if _among(node, tests)}
        whole = not self.partial and all(self._reached(one) for one in tests)
        each = all(any(_within(node, one) for node in found) for one in tests)
        passed = set(found.values()) == {"passed"}
        return ("passed" if whole and each and passed and not missing else "not_run"), found

    def _reached(self, test: str) -> bool:
        """Whether the command line named all of ``test``: itself, its file or a folder above."""
        return any(_within(test, one) for one in self.chosen)


def _within(node: str, test: str) -> bool:
    """Whether ``node`` is ``test``, a case of it, or stands in it."""
    test = test.rstrip("/")
    return (
        node == test or test in ("", ".") or node.startswith((f"{test}/", f"{test}::", f"{test}["))
    )


def _among(node: str, tests: Iterable[str]) -> bool:
    return any(_within(node, one) for one in tests)


def updated(
    before: Mapping[str, SuiteRun],
    criteria: Mapping[str, tuple[str, ...]],
    ran: Ran,
    stamp: Mapping[str, Any],
) -> dict[str, SuiteRun]:
    """``before`` with what ``ran`` says. ``criteria``: id → its tests, those that have any."""
    from app.insights.launch.evidence import SuiteRun

    after = {}
    for name, tests in criteria.items():
        outcome, found = ran.of(tests)
        if outcome == "not_run":
            after[name] = before.get(name, SuiteRun("not_run", tests))
            continue
        counts = Counter(found.values())
        failures = sorted(node for node, what in found.items() if what == "failed")
        after[name] = SuiteRun(
            outcome="failed" if failures else "passed",
            tests=tests,
            passed=counts["passed"],
            failed=len(failures),
            skipped=counts["skipped"],
            failures=tuple(failures[:MOST_FAILURES]),
            **stamp,
        )
    return after


def stamp(root: Path) -> dict[str, Any]:
    """When, on which commit, release and machine."""
    with (root / "pyproject.toml").open("rb") as file:
        release = tomllib.load(file)["project"]["version"]
    commit = _git(root, "rev-parse", "HEAD")
    changed = [line for line in _git(root, "status", "--porcelain").splitlines() if line]
    return {
        "at": datetime.now(UTC).replace(microsecond=0),
        "commit": commit,
        "dirty": any(not line.endswith("acceptance.json") for line in changed),
        "release": release,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}",
    }


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout.strip("\n") if done.returncode == 0 else ""


class Recorder:
    """Watches a run, in one process or in xdist's, and writes the file at its end."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._root, self._path = config.rootpath, path
        self._ran = Ran(
            chosen=list(_relative(config)),
            partial=any(
                config.getoption(name, None)
                for name in ("lf", "stepwise", "ignore", "ignore_glob", "pyargs")
            ),
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._ran.collected |= {item.nodeid for item in session.items}

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        self._ran.left_out |= {item.nodeid for item in items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        self._ran.collected |= {_GROUP.sub("", one) for one in ids}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._ran.left_out |= set(getattr(node, "workeroutput", {}).get(_NARROWED, ()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ran.saw(_GROUP.sub("", report.nodeid), report.outcome)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._ran.broken.add(report.nodeid)
        elif report.skipped:  # a module that skips itself
            self._ran.saw(report.nodeid, "skipped")

    def pytest_sessionfinish(self) -> None:
        from app.insights.launch.evidence import evidence_json, read_evidence
        from app.insights.launch.rules import load_rules

        rules = load_rules(self._root / "prd").criteria
        criteria = {name: rule.tests for name, rule in rules.items() if rule.tests}
        after = updated(read_evidence(self._path), criteria, self._ran, stamp(self._root))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(evidence_json(after), encoding="utf-8")


class Deselections:
    """In a worker of xdist: tells the process that writes what was left out."""

    def __init__(self, output: dict[str, Any]) -> None:
        self._output = output

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        self._output.setdefault(_NARROWED, []).extend(item.nodeid for item in items)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--evidence=FILE``: with a space pytest takes an existing file for tests to run.."""
    parser.addoption(
        "--evidence",
        metavar="FILE",
        default=None,
        help="write into FILE which acceptance criteria's tests passed, beside what it has",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch where a file was asked for."""
    path = config.getoption("--evidence")
    if path is None:
        return
    if hasattr(config, "workeroutput"):
        config.pluginmanager.register(Deselections(config.workeroutput))
    else:
        config.pluginmanager.register(Recorder(config, config.invocation_params.dir / path))


def _relative(config: pytest.Config) -> Iterator[str]:
    """What was named, from the project's root; everything where nothing was."""
    for argument in config.args:
        path, colons, rest = str(argument).partition("::")
        full = (config.invocation_params.dir / path).resolve()
        if full.is_relative_to(config.rootpath):
            yield f"{full.relative_to(config.rootpath).as_posix()}{colons}{rest}"
