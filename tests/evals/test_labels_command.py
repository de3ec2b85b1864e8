"""`footnote eval labels` and `footnote eval agreement`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bootstrap import build_services
from app.errors import BadRequest
from app.insights.evals.labeling import fingerprint
from app.records.product.labels import Label
from app.settings import load_settings
from evals.cli import app
from evals.commands.labels_files import read_labels, write_labels
from tests.unit.eval_runs_made import made, row, write

ROWS = [row(f"q{at}", right=at % 2 == 0) for at in range(10)]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LABELS = [
    Label("sample", one.id, fingerprint(one), "correct", "Ann", float(at % 2 == 0), NOON, "=1+1")
    for at, one in enumerate(ROWS)
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FOOTNOTE_EVAL_REPORT", str(tmp_path / "reports" / "sample" / "report.json"))
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", str(tmp_path / "none"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "reports" / "sample" / "report.json", made("sample", ROWS))
    return tmp_path


def ran(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def kept() -> list[Label]:
    services = build_services(load_settings(), record_answers=False)
    try:
        return services.labels.all()
    finally:
        services.close()


@pytest.mark.parametrize("name", ["labels.jsonl", "labels.csv"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    write_labels(tmp_path / name, LABELS)
    assert read_labels(tmp_path / name) == LABELS


def test_labels_go_out_and_come_in_again(tmp_path: Path) -> None:
    write_labels(tmp_path / "ann.jsonl", LABELS)
    assert "10 labels of ann.jsonl kept; 0 older" in ran("labels", "import", "ann.jsonl")
    assert kept() == sorted(LABELS, key=lambda one: one.case_id)
    assert "10 labels written to out.csv" in ran("labels", "export", "out.csv")
    assert "0 labels written to none.csv" in ran("labels", "export", "none.csv", "--run", "other")
    ran("labels", "import", "out.csv")
    assert len(kept()) == 10


def test_one_wrong_line_keeps_all_of_them_out(tmp_path: Path) -> None:
    write_labels(tmp_path / "bad.jsonl", LABELS)
    with (tmp_path / "bad.jsonl").open("a") as file:
        file.write('{"run": "sample"}\n')
    with pytest.raises(BadRequest, match=r"bad\.jsonl, line 11"):
        ran("labels", "import", "bad.jsonl")
    assert kept() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "much"}, "no number"),
        ({"value": True}, "no number"),
        ({"at": "noon"}, "no time"),
        ({"at": "2026-11-22T12:00:00"}, "without a time zone"),
        ({"labeler": 7}, "“labeler” is missing or not a text"),
    ],
)
def test_a_line_that_is_no_label_says_why(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    write_labels(tmp_path / "one.jsonl", LABELS[:1])
    line = json.loads((tmp_path / "one.jsonl").read_text()) | change
    (tmp_path / "one.jsonl").write_text(json.dumps(line))
    with pytest.raises(BadRequest, match=said):
        read_labels(tmp_path / "one.jsonl")


def test_a_csv_without_a_column_says_which(tmp_path: Path) -> None:
    (tmp_path / "less.csv").write_text("run,case_id\r\n")
    with pytest.raises(BadRequest, match="no column “answer”"):
        read_labels(tmp_path / "less.csv")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no file of labels"):
        read_labels(tmp_path / "labels.xlsx")


def test_agreement_of_what_is_kept_and_of_a_committed_file_is_the_same(tmp_path: Path) -> None:
    assert "has a label" in ran("agreement", "sample")
    write_labels(tmp_path / "ann.jsonl", LABELS)
    from_file = json.loads(ran("agreement", "sample", "--labels", "ann.jsonl", "--json"))
    ran("labels", "import", "ann.jsonl")
    assert json.loads(ran("agreement", "sample", "--json")) == from_file
    only = from_file[0]
    assert (only["criterion"], only["first"], only["second"]) == ("correct", "Ann", "automatic")
    assert (only["n"], only["kappa"]["value"]) == (10, 1.0)
    assert "almost perfect" in ran("agreement", "sample")
