"""Two servers on one data directory: the second is refused; an ingest beside one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.world import documents, footnote, serving

pytestmark = pytest.mark.slow


def test_a_second_server_is_refused_with_the_first_ones_name_and_an_ingest_is_not(
    tmp_path: Path,
) -> None:
    data, docs = tmp_path / "data", documents(tmp_path / "docs")
    with serving(data) as first:
        second = footnote(data, "serve")
        assert second.returncode == 1
        assert f"process {first.process.pid} at http://127.0.0.1:{first.port}, since" in (
            second.stderr
        )
        assert "FOOTNOTE_DATA_DIR" in second.stderr
        assert "Traceback" not in second.stderr

        ingested = footnote(data, "ingest", str(docs))
        assert ingested.returncode == 0, ingested.stderr
        first.until(lambda: first.ask().json().get("state") == "answered")
        first.kill()
    with serving(data) as after:  # the kernel let go of a killed server's lock
        assert after.ask().json()["state"] == "answered"


def test_other_data_directories_have_servers_of_their_own(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "one" / "data", ready=False),
        serving(tmp_path / "two" / "data", ready=False) as second,
    ):
        assert second.call("GET", "/healthz").status == 200
