"""Whether a locked package has a known vulnerability: ``make audit``, a part of ``make check``.

Asks two public sources through pip-audit, PyPI and then OSV. Exit code 1: something was found.
Where neither source answers, nothing was checked: that is said in so many words, and is no failure,
or nobody could work offline.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCKS = ("runtime.lock", "dev.lock")
SOURCES = ("pypi", "osv")
SECONDS = 300
NOT_CHECKED = "NOT CHECKED: no advisory source reachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``checked`` packages are known to a source, ``skipped`` ones are not; ``found``: which."""

    checked: int
    skipped: int
    found: tuple[str, ...]


def read_report(text: str) -> Outcome:
    """What pip-audit's JSON says; nothing checked where it is no JSON."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Outcome(0, 0, ())
    known = [one for one in packages if "skip_reason" not in one]
    found = tuple(
        f"{one['name']} {one['version']}: {', '.join(vuln['id'] for vuln in one['vulns'])}"
        for one in known
        if one.get("vulns")
    )
    return Outcome(len(known), len(packages) - len(known), found)


def verdict(lock: str, outcomes: dict[str, Outcome]) -> tuple[int, str]:
    """Exit code and a line to print; ``outcomes``: by source, those that were asked."""
    found = sorted({line for outcome in outcomes.values() for line in outcome.found})
    if found:
        return 1, f"{lock}: known vulnerabilities\n  " + "\n  ".join(found)
    source, best = max(outcomes.items(), key=lambda item: item[1].checked)
    if best.checked == 0:
        return 0, f"{lock}: {NOT_CHECKED} (asked {', '.join(outcomes)})"
    words = f"{lock}: {best.checked} packages, no known vulnerability ({source})"
    return 0, words + (f"; {best.skipped} are not known there" if best.skipped else "")


def ask(lock: Path, source: str) -> Outcome:
    """Run pip-audit on a lock file; it is complete, so nothing is resolved or installed."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--no-deps", "--disable-pip"]
    options = ["-f", "json", "-s", source, "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            [*command, *options], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(0, 0, ())
    return read_report(done.stdout)


def main() -> int:
    """Ask about every lock; the worst exit code."""
    worst = 0
    for name in LOCKS:
        outcomes: dict[str, Outcome] = {}
        for source in SOURCES:
            outcomes[source] = ask(HERE / name, source)
            if outcomes[source].checked:
                break
        code, words = verdict(name, outcomes)
        print(words, file=sys.stderr if code else sys.stdout)
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
