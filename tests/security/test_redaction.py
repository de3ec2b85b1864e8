"""What is kept of a question tells neither who to write to nor how to get in."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.redaction import redacted
from tests.security.personal_lines import LABELED

ROOT = Path(__file__).resolve().parents[2]
_MARKED = re.compile(r"⟦([^:]+):[^⟧]*⟧")
_PLACED = re.compile(r"\[(e-mail|phone|card|IBAN|key|password)\]")


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts over the labeled lines; a line counts in full or not at all for its kind."""

    lines: int
    found: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def precision(self) -> float:
        return self.found / (self.found + len(self.wrong))

    @property
    def recall(self) -> float:
        return self.found / (self.found + len(self.missed))


def measured() -> Measured:
    found, missed, wrong = 0, [], []
    for typed, labels in LABELED:
        expected = _MARKED.sub(lambda mark: f"[{mark[1]}]", labels)
        kept = redacted(typed)
        if kept == expected:
            found += len(_PLACED.findall(expected))
            continue
        wanted, given = _PLACED.findall(expected), _PLACED.findall(kept)
        missed += [f"{typed} → {kept}"] * max(0, len(wanted) - len(given))
        wrong += [f"{typed} → {kept}"] * max(1 if wanted == given else 0, len(given) - len(wanted))
        found += min(len(wanted), len(given))
    return Measured(len(LABELED), found, tuple(missed), tuple(wrong))


def test_precision_and_recall_on_a_labeled_list() -> None:
    result = measured()
    assert result.lines >= 150
    assert result.found >= 70
    assert result.precision >= 0.98, result.wrong
    assert result.recall >= 0.95, result.missed


def test_a_text_is_redacted_once() -> None:
    for typed, _labels in LABELED:
        kept = redacted(typed)
        assert redacted(kept) == kept


def test_no_golden_question_is_changed() -> None:
    from evals.datasets.golden import load_cases

    cases = load_cases(ROOT / "evals" / "cases", unreviewed=True).cases
    asked = [text for case in cases for text in (case.question, *case.after)]
    assert len(asked) > 400
    assert [text for text in asked if redacted(text) != text] == []


def test_of_the_sample_documents_only_addresses_and_numbers_of_people_change() -> None:
    folder = ROOT / "ingest" / "sample" / "documents"
    changed = [
        line
        for file in sorted(folder.rglob("*"))
        if file.suffix in (".md", ".txt", ".html", ".csv", ".rst")
        for line in file.read_text(errors="replace").splitlines()
        if redacted(line) != line
    ]
    assert len(changed) > 20
    assert [line for line in changed if "@" not in line and not re.search(r"\+\d", line)] == []


def test_a_question_costs_less_than_a_millisecond() -> None:
    redacted("+1 415 555 2671")  # the library's tables are read once
    started = time.thread_time()
    for _ in range(10):
        for typed, _labels in LABELED:
            redacted(typed)
    each = (time.thread_time() - started) / (10 * len(LABELED))
    assert each < 0.001


@pytest.mark.parametrize(
    "text",
    [
        *("1 " * 20_000, "1" * 40_000, "a@" * 20_000, "a." * 20_000 + "@", "(" * 40_000),
        *("AB12" * 10_000, "sk-" * 13_000, "://a:" * 8_000, "password " * 4_000, "+" * 40_000),
        *("eyJ" * 13_000, "-----BEGIN PRIVATE KEY-----" + "A" * 40_000, "phone " * 6_000 + "1"),
    ],
    ids=lambda text: text[:12].strip(),
)
def test_no_text_takes_long(text: str) -> None:
    """40,000 characters: thirty times a question's limit."""
    started = time.thread_time()
    redacted(text)
    assert time.thread_time() - started < 1.5


def test_redacted_json_stays_json() -> None:
    for typed, _labels in LABELED:
        nested = json.dumps([{"role": "user", "content": json.dumps({"said": f'"{typed}"'})}])
        assert json.loads(redacted(nested))


# --- records --------------------------------------------------------------------------------------

TYPED = "How many weeks of leave has anna.meier@example.org, call +49 30 901820, a year?"
SECRETS = ("anna.meier", "901820")


def everything_stored(folder: Path) -> str:
    """All rows of all tables, as text."""
    import sqlite3

    connection = sqlite3.connect(folder / "footnote.db")
    tables = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    said = [
        repr(row)
        for table in tables
        if table not in ("passages", "documents", "document_texts", "originals")
        for row in connection.execute(f'SELECT * FROM "{table}"')
    ]
    connection.close()
    return "\n".join(said)


@pytest.mark.parametrize("on", [True, False])
def test_what_was_typed_is_answered_and_kept_without_what_tells_of_people(
    tmp_path: Path, on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions, searches, comments, corrections, reports, requests, traces with content."""
    import asyncio

    from app import telemetry
    from app.bootstrap import build_services, models
    from app.domain import Filters, Question
    from app.records.answers import Feedback
    from app.requests import recorded_search
    from app.settings import Settings
    from ingest.pipeline import IngestOptions, ingest
    from tests.knowledge.world import WordEmbedder

    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")
    monkeypatch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
    telemetry.set_up("test", export=False)
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", redact=on)
    services = build_services(settings)
    services.embedder.get(wait=True)
    (tmp_path / "leave.md").write_text("Everybody has 27 weeks of leave a year, and a day.")
    ingest(services, [str(tmp_path / "leave.md")], IngestOptions())
    question = Question(TYPED, "quotes", suggest="all", channel="web")
    answer = asyncio.run(services.asker.answer(question, "session-of-somebody-1"))
    assert answer.question == TYPED  # the answer under way knows what was typed
    given = Feedback(answer.answer_id, False, ("wrong",), f"Ask {TYPED}", f"It is {TYPED}")
    services.answers.add_feedback(given, "session-of-somebody-1")
    services.requests.add_request(answer, "session-of-somebody-1", TYPED)
    services.requests.add_report(answer.answer_id, "wrong", TYPED, "session-of-somebody-1")
    for _ in range(2):  # the same search again is one search
        recorded_search(services, TYPED, 5, Filters(), channel="web", session="session-of-1")
    kept = services.answers.get(answer.answer_id).question
    searches = [one for one in services.events.of_session("session-of-1") if one]
    services.close()
    stored = everything_stored(tmp_path / "data")
    told = [line for line in stored.splitlines() if any(secret in line for secret in SECRETS)]
    assert (not told) if on else len(told) > 5, told
    assert ("[e-mail], call [phone]" in kept) is on
    assert len([one for one in searches if one.event.kind == "searched"]) == 1
