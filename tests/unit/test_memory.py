"""While a server starts, Python looks for unreachable objects rarely; afterwards as usual."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.memory import collect_as_usual, collect_rarely

_STARTS = """
import gc, json, os, threading, time
from app import server
from app.bootstrap import Services
from app.settings import load_settings

usual, during = gc.get_threshold(), []
Services.warm_up = lambda self: during.append(gc.get_threshold()[0])

def watch():
    while gc.get_threshold() != usual or not gc.get_freeze_count():
        time.sleep(0.02)
    print(json.dumps([during[0], gc.get_freeze_count()]), flush=True)
    os.kill(os.getpid(), 15)

threading.Thread(target=watch, daemon=True).start()
server.serve(load_settings())
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    collect_as_usual()
    gc.unfreeze()


def test_hardly_a_look_between_start_and_end_and_then_none_at_what_was_made() -> None:
    usual, before = gc.get_threshold(), gc.get_freeze_count()
    collect_rarely()
    assert gc.get_threshold()[0] > 500_000
    collect_as_usual()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > before


def test_where_no_start_began_nothing_is_changed() -> None:
    usual, before = gc.get_threshold(), gc.get_freeze_count()
    collect_as_usual()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, before)


@pytest.mark.slow
def test_a_server_that_is_warm_looks_as_usual_but_not_at_what_its_start_made(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STARTS],
        env=os.environ | {"FOOTNOTE_DATA_DIR": str(tmp_path), "FOOTNOTE_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    during, set_aside = json.loads(done.stdout)
    assert during > 500_000, "new objects between two looks while it warms up"
    assert set_aside > 100_000
