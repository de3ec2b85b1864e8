"""A clock that jumps: nothing breaks while it is wrong, and nothing fresh is purged for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from app import moment
from app.records.behavior.tables import events
from app.records.database import open_database
from app.records.tidying import Tidying
from app.settings import Settings
from tests.faults.world import documents, footnote, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = 86_400.0


class Machine:
    """Two clocks: what it says the time is, and the seconds that really passed."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(f"sqlite:///{folder / 'footnote.db'}")
        self.settings = Settings(_env_file=None, data_dir=folder, keep_questions_days=100)
        self.passed = 0.0
        self.off = timedelta()
        with moment.at(NOW):
            self.tidying = Tidying(self.engine, self.settings, lambda: self.passed)
        with self.engine.begin() as connection:
            for number in range(3):
                at = NOW - timedelta(days=number)
                connection.execute(
                    insert(events).values(id=f"e{number}", kind="asked", at=at, properties={})
                )

    def restarted(self) -> None:
        with moment.at(self.time):
            self.tidying = Tidying(self.engine, self.settings, lambda: self.passed)

    @property
    def time(self) -> datetime:
        return NOW + timedelta(seconds=self.passed) + self.off

    def tidy_after(self, hours: float) -> int:
        """Let time pass and tidy; how many events are left."""
        self.passed += hours * 3600
        with moment.at(self.time):
            self.tidying()
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(events)).scalar_one()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_year_ahead_for_some_hours_purges_nothing(machine: Machine) -> None:
    assert machine.tidy_after(1) == 3
    machine.off = timedelta(days=365)
    assert [machine.tidy_after(1) for _ in range(20)] == [3] * 20
    machine.off = timedelta()
    assert machine.tidy_after(1) == 3


def test_a_new_time_that_stays_is_believed_after_a_day(machine: Machine) -> None:
    machine.tidy_after(1)
    machine.off = timedelta(days=365)
    assert machine.tidy_after(1) == 3
    assert machine.tidy_after(25) == 0


def test_a_restart_with_a_wrong_clock_purges_nothing_for_a_day_either(machine: Machine) -> None:
    machine.tidy_after(1)
    machine.off = timedelta(days=365)
    machine.restarted()
    assert machine.tidy_after(1) == 3
    machine.off = timedelta()
    machine.restarted()
    assert machine.tidy_after(1) == 3


def test_time_that_really_passed_is_no_leap(machine: Machine) -> None:
    machine.tidy_after(1)
    for _ in range(110):
        left = machine.tidy_after(24)
    assert left == 0


@pytest.mark.slow
def test_a_server_answers_through_jumps_and_follow_ups_and_history_hold(tmp_path: Path) -> None:
    data, docs, clock = tmp_path / "data", documents(tmp_path / "docs"), tmp_path / "clock"
    clock.write_text("0")
    assert footnote(data, "ingest", str(docs)).returncode == 0
    with pytest.MonkeyPatch.context() as outside:
        outside.setenv("FAULTS_CLOCK", str(clock))
        with serving(data) as server:
            told = []
            for number, off in enumerate((0, -3600, 365 * 86_400, -10 * 365 * 86_400, 0)):
                clock.write_text(str(off))
                reply = server.ask(conversation_id="conv-of-the-clock")
                assert reply.status == 200, reply.body
                assert reply.json()["state"] == "answered"
                told.append(reply.json()["answer_id"])
                text = f"# Lake {number}\n\nLake {number} is deep.\n"
                assert server.upload(f"lake-{number}.md", text).status < 300
                assert server.call("GET", "/insights", headers={"Accept": "text/html"}).status < 500
            assert len(set(told)) == 5
            for one in told:
                assert server.call("GET", f"/api/v1/answers/{one}").status == 200
            lakes = {f"upload:lake-{number}.md" for number in range(5)}

            def all_there() -> bool:
                listed = server.call("GET", "/api/v1/documents").json()["documents"]
                return lakes <= {one["source"] for one in listed}

            server.until(all_there, limit=120)
            assert "Traceback" not in server.log.read_text()
