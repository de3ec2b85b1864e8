"""Data of an older release opens with today's code: migrated, answering, nothing lost.

`data/release-0002.tar.xz` is a data directory as the release with migration 0002 wrote it (commit
fe88864): five files ingested with the bundled model, three answers, feedback and a content request.
"""

from __future__ import annotations

import asyncio
import tarfile
from pathlib import Path

import pytest

from app.bootstrap import build_services
from app.bootstrap.doctoring import Doctor
from app.domain import AnswerState, Question
from app.records.database import HEAD
from app.records.health import schema_of
from app.settings import Settings

ARCHIVE = Path(__file__).parent / "data" / "release-0002.tar.xz"
HOTEL, LEAVE, CHAPEL = "ans_b7fb92e6f12d8d25", "ans_5a72c436b823ac62", "ans_e4f22d53b404341f"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    assert ARCHIVE.stat().st_size < 200_000
    with tarfile.open(ARCHIVE) as tar:
        tar.extractall(tmp_path, filter="data")
    assert schema_of(tmp_path / "data" / "footnote.db") == "0002"
    return tmp_path / "data"


@pytest.mark.slow
def test_an_older_release_s_data_is_migrated_answers_and_keeps_what_people_said(old: Path) -> None:
    services = build_services(Settings(_env_file=None, data_dir=old, embedding_precision="float32"))
    try:
        assert schema_of(old / "footnote.db") == HEAD
        services.warm_up()
        assert services.readiness().state == "ready"
        answer = asyncio.run(services.asker.answer(Question("What is the hotel cap in Paris?")))
        assert answer.state is AnswerState.ANSWERED
        assert "EUR 220" in answer.text

        shown = services.answers.get(HOTEL)
        assert "EUR 220" in shown.text
        assert shown.citations
        assert services.answers.get(CHAPEL).state is AnswerState.NOT_FOUND
        mine = [one.answer_id for one in services.answers.recent("session-one")]
        assert sorted(mine) == sorted([HOTEL, LEAVE])
        (given,) = services.answers.feedback(HOTEL)
        assert (given.helpful, given.comment) == (True, "Just what I needed.")
        (wanted,), _ = services.requests.requests()
        assert wanted.comment == "Please add the art guide."
        # Questions of before count in the metrics, too: each has its row.
        assert services.questions.get(HOTEL).text == "What is the hotel cap in Paris?"
        found, total = services.documents.find(failed=False)
        assert total == 4
        assert services.documents.original(found[0].id)
    finally:
        services.close()
    checks = list(Doctor(Settings(_env_file=None, data_dir=old), repair=False).examine())
    assert {check.state for check in checks} == {"ok"}, checks
