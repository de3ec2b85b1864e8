"""``python -m tests.replay FOLDER``: play a day of 300 sessions and compare every metric.

``--share 0.1``: a smaller day. ``--database URL``: not SQLite. ``--stay``: keep serving, to look.
Writes ``log.jsonl`` and ``truth.json`` into FOLDER.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.replay.compare import differences, table
from tests.replay.day import replayed, write


def main() -> int:
    """The number of metrics that are not as they must be."""
    options = argparse.ArgumentParser(prog="python -m tests.replay")
    options.add_argument("folder", type=Path)
    options.add_argument("--share", type=float, default=1.0)
    options.add_argument("--database", default="")
    options.add_argument("--stay", action="store_true")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    settings = {"FOOTNOTE_DATABASE_URL": given.database} if given.database else {}
    with replayed(given.folder, given.share, **settings) as found:
        write(found, given.folder)
        print(table(found))
        wrong = differences(found)
        print(f"{len(wrong)} metrics differ." if wrong else "Every metric is as it must be.")
        if given.stay:
            print(f"Serving at {found.base_url}/insights until Ctrl-C.")
            try:
                signal.pause()
            except KeyboardInterrupt:
                print()
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
