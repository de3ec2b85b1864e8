"""``make fuzz``: parsers, then endpoints. ``ARGS="--count 50000 --format pdf --seed 3"``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from app.main import create_app
from tests.fuzz import endpoints, pages, report
from tests.fuzz.inputs import kinds
from tests.fuzz.parsers import fuzz_all
from tests.fuzz.world import fuzzed_server


def main() -> int:
    """The command line; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=12_000, help="files, over all formats")
    parser.add_argument("--requests", type=int, default=60, help="to each endpoint; 0: none")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="draws the same again")
    parser.add_argument("--format", action="append", default=[], help="only these; repeatable")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where findings go")
    parser.add_argument("--refusals", action="store_true", help="also say why files were refused")
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    found: list[str] = []
    if wanted.count:
        formats = kinds(wanted.format)
        found += fuzz_all(
            formats, wanted.count, wanted.seed, wanted.jobs, wanted.keep, wanted.refusals
        )
    if wanted.requests and not wanted.format:
        for accounts in (False, True):
            found += _endpoints(wanted.requests, wanted.seed, accounts)
    print("\n".join(found) if found else "Nothing was found.")
    return 1 if found else 0


def _endpoints(count: int, seed: int, accounts: bool) -> list[str]:
    name = "with accounts" if accounts else "without accounts"
    with (
        tempfile.TemporaryDirectory(prefix="footnote-fuzz-") as folder,
        fuzzed_server(Path(folder), accounts=accounts) as world,
    ):
        called = endpoints.call_all(world.client, world.known, count, seed)
        print(report.summary(f"API, {name}", called), flush=True)
        knocked = pages.knock(world, pages.doors(create_app()), count, seed)
        print(report.summary(f"all routes, {name}", knocked), flush=True)
        return report.findings([*called, *knocked])


if __name__ == "__main__":
    sys.exit(main())
