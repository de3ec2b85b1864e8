"""Public sets in the form in which they are downloaded, made small by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.errors import FootnoteError, NotFound
from evals import cli
from evals.datasets import BadDataset, Gold, load
from evals.datasets.written_out import Written, file_name, markdown, write_out
from evals.running.records import RankedPassage
from evals.scoring import documents
from evals.scoring.per_case import scores
from ingest.parsers import Limits, parse
from tests.evals.made import record


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


# --- BEIR ---------------------------------------------------------------------

BEES = "Bees dance to tell where flowers are.\n\nThe angle of the waggle run points to the sun."
KELP = "Kelp grows up to half a meter per day in cold, clear water."
ROCKS = "Basalt cools quickly and has small crystals; granite cools slowly and has large ones."


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    root = tmp_path / "tiny"
    lines(
        root / "corpus.jsonl",
        {"_id": "D-1", "title": "Dances of bees", "text": BEES},
        {"_id": "d-1", "title": "", "text": KELP},
        {"_id": "x/3", "title": "Rocks", "text": ROCKS},
        {"_id": "4", "title": "", "text": ""},
    )
    lines(
        root / "queries.jsonl",
        {"_id": "q1", "text": "how do bees tell each other where flowers are"},
        {"_id": "q2", "text": "how quickly does kelp grow"},
        {"_id": "q3", "text": "nobody judged this one"},
        {"_id": "q4", "text": "nothing is relevant"},
    )
    (root / "qrels").mkdir()
    (root / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tD-1\t2\nq1\tx/3\t0\nq2\td-1\t1\nq2\tD-1\t1\nq4\tx/3\t0\n"
    )
    (root / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq3\tx/3\t1\n")
    return root


def test_a_folder_of_beir_has_graded_documents_for_gold_and_no_passage(beir: Path) -> None:
    dataset = load("beir", beir)
    assert [case.id for case in dataset.cases] == ["q1", "q2"]
    assert dataset.cases[0].gold == (Gold(file_name("D-1"), grade=2),)
    assert set(dataset.cases[1].documents) == {file_name("d-1"), file_name("D-1")}
    assert not dataset.texts
    assert any("1 judged questions have no relevant document" in note for note in dataset.notes)


def test_other_judgments_are_taken_by_naming_their_file(beir: Path) -> None:
    dataset = load("beir", beir / "qrels" / "train.tsv")
    assert [case.id for case in dataset.cases] == ["q3"]
    assert dataset.name == "tiny"


def test_documents_are_written_out_with_names_that_differ_everywhere(beir: Path) -> None:
    corpus = load("beir", beir).corpus
    assert corpus is not None
    files = {file.name: file for file in corpus.rglob("*.md")}
    assert len(files) == 3, "the document without a word is left out"
    assert len({name.lower() for name in files}) == 3, "also where case does not count"
    parsed = parse(files[file_name("D-1")].read_bytes(), "x.md", Limits())
    assert parsed.title == "Dances of bees"
    assert parsed.text == f"Dances of bees\n\n{BEES}"
    untitled = parse(files[file_name("d-1")].read_bytes(), "x.md", Limits())
    assert untitled.text == KELP
    assert untitled.title.startswith("Kelp grows")
    names = (corpus.parent / "names.tsv").read_text().splitlines()
    assert f"x/3\t{file_name('x/3')}" in names


def test_what_is_written_is_kept_until_the_set_changes(beir: Path) -> None:
    corpus = load("beir", beir).corpus
    assert corpus is not None
    mark = corpus / "mark"
    mark.touch()
    assert load("beir", beir).corpus == corpus
    assert mark.exists(), "not written again"
    more = {"_id": "5", "title": "New", "text": "A fifth document."}
    with (beir / "corpus.jsonl").open("a") as stream:
        stream.write(json.dumps(more) + "\n")
    assert load("beir", beir).corpus == corpus
    assert not mark.exists()
    assert list(corpus.rglob("5.md"))


def test_a_corpus_that_breaks_off_leaves_nothing_half_written(
    beir: Path, own_temporary_folder: Path
) -> None:
    with (beir / "corpus.jsonl").open("a") as stream:
        stream.write('{"_id": "6", "title": \n')
    with pytest.raises(BadDataset, match=r"corpus\.jsonl, line 5: not valid JSON"):
        load("beir", beir)
    assert not list(own_temporary_folder.rglob("*.md"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q1\t0\tD-1\t2", "line 2: 4 fields"),
        ("q1\tD-1\tgood", "line 2: the grade 'good' is not a whole number"),
        ("q9\tD-1\t1", "the query 'q9' is not in queries.jsonl"),
        ("q1\tD-1\t1\nq1\tD-1\t2", "line 3: 'D-1' was judged before"),
    ],
)
def test_a_wrong_judgment_is_named_with_its_line(beir: Path, line: str, message: str) -> None:
    (beir / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{line}\n")
    with pytest.raises(BadDataset, match=message):
        load("beir", beir)


def test_a_set_that_is_not_unpacked_is_told_so(beir: Path) -> None:
    (beir / "corpus.jsonl").rename(beir / "corpus.jsonl.gz")
    with pytest.raises(NotFound, match=r"has no corpus\.jsonl") as caught:
        load("beir", beir)
    assert "Unpack the .gz first" in caught.value.action
    (beir / "corpus.jsonl.gz").rename(beir / "corpus.jsonl")
    (beir / "qrels" / "test.tsv").rename(beir / "qrels" / "some.tsv")
    with pytest.raises(NotFound, match=r"no qrels/test\.tsv"):
        load("beir", beir)


def test_any_text_comes_out_of_markdown_as_it_went_in() -> None:
    text = (
        "1. No list, *no* _emphasis_, <b>no tag</b>, &amp; `no code` [no](link)\n\n"
        "# No heading\n\n- 5 % | a | b |\n\n> 2) no quote \\( x \\) http://a.b/c_d_e"
    )
    parsed = parse(markdown(Written("a", "Title: # 1", text)).encode(), "a.md", Limits())
    assert parsed.text == f"Title: # 1\n\n{text}"
    assert markdown(Written("a", " ", "\n \n")) == ""


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source.jsonl"
    source.touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(FootnoteError, match=r"can't be written out: .*none") as caught:
        write_out("beir", [source], iter(()))
    assert "TMPDIR" in caught.value.action


# --- figures over documents ---------------------------------------------------------------------


def found(*names: str) -> tuple[RankedPassage, ...]:
    return tuple(
        RankedPassage(name, f"{name}-{place}", place, place + 1, 0.5, 0.5, 1.0)
        for place, name in enumerate(names)
    )


def test_ndcg_over_documents_is_what_trec_eval_computes() -> None:
    graded = (Gold("a.md", grade=2), Gold("b.md", grade=1), Gold("c.md", grade=1))
    asked = record(gold=graded, answers=(), rankings={"fused": found("x", "a.md", "y", "b.md")})
    # 2 at rank 2 and 1 at rank 4; at best 2, 1, 1. Gains are the grades, not 2^grade − 1.
    hand = (2 / math.log2(3) + 1 / math.log2(5)) / (2 + 1 / math.log2(3) + 1 / math.log2(4))
    assert documents.ndcg_at(asked, asked.rankings["fused"], 10) == pytest.approx(hand)
    assert hand == pytest.approx(0.5406, abs=1e-4)
    assert documents.recall_at(asked, asked.rankings["fused"], 10) == pytest.approx(2 / 3)
    assert documents.ndcg_at(asked, asked.rankings["fused"], 1) == 0.0
    assert scores(asked)["document_ndcg_at_10"] == pytest.approx(hand)


def test_passages_of_one_document_count_once_at_the_best_of_their_ranks() -> None:
    asked = record(gold=(Gold("a.md"), Gold("b.md")), answers=())
    folded = documents.ndcg_at(asked, found("a.md", "a.md", "a.md", "b.md"), 10)
    assert folded == 1.0, "the documents are first and second"
    assert documents.recall_at(asked, found(*["x"] * 30, "a.md"), 2) == 0.5


def test_a_question_that_is_a_document_itself_does_not_find_itself() -> None:
    asked = record(id="q7", gold=(Gold("a.md"),), answers=())
    assert documents.ndcg_at(asked, found("q7.md", "a.md"), 10) == 1.0
    assert documents.ndcg_at(asked, found("3f/q7.md", "a.md"), 10) == 1.0


def test_the_ideal_has_no_more_documents_than_places() -> None:
    asked = record(gold=tuple(Gold(f"{n}.md") for n in range(30)), answers=())
    assert documents.ndcg_at(asked, found(*(f"{n}.md" for n in range(10))), 10) == 1.0


def test_gold_passages_have_no_figure_over_documents() -> None:
    asked = record(rankings={"fused": found("rules.md")})
    assert "document_ndcg_at_10" not in scores(asked)
    assert documents.depth(asked.case, 10) == 10
    assert documents.depth(record(gold=(Gold("a.md"),)).case, 10) > 10


# --- SQuAD ---------------------------------------------------------------------


def squad(*articles: dict[str, Any]) -> str:
    return json.dumps({"version": "v2.0", "data": list(articles)})


def question(key: str, text: str, start: int | None, answer: str = "") -> dict[str, Any]:
    if start is None:
        return {"id": key, "question": text, "answers": [], "is_impossible": True}
    answers = [{"text": answer, "answer_start": start}] * 2
    return {"id": key, "question": text, "answers": answers, "is_impossible": False}


LIGHTHOUSE = "The lamp was first lit in 1871. It was seen from 19 miles."
KEEPERS = "Two keepers lived in the tower; * one * cooked."


def test_an_article_of_squad_is_a_document_and_its_paragraphs_are_gold(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    file.write_text(
        squad(
            {
                "title": "Old_Light",
                "paragraphs": [
                    {"context": LIGHTHOUSE, "qas": [question("1", "Lit when?", 26, "1871")]},
                    {
                        "context": KEEPERS,
                        "qas": [
                            question("2", "How many keepers?", 0, "Two"),
                            question("3", "What were their names?", None),
                        ],
                    },
                ],
            }
        )
    )
    dataset = load("squad", file)
    first, second, third = dataset.cases
    assert first.gold == (Gold(file_name("Old_Light"), LIGHTHOUSE),)
    assert first.answers == ("1871",)
    assert second.gold[0].passage == KEEPERS
    assert not third.answerable
    assert third.gold == ()
    assert dataset.corpus is not None
    (written,) = dataset.corpus.rglob("*.md")
    parsed = parse(written.read_bytes(), "x.md", Limits())
    assert parsed.text == f"Old Light\n\n{LIGHTHOUSE}\n\n{KEEPERS}"
    assert any("1 questions can't be answered from their paragraph" in n for n in dataset.notes)


def test_of_a_whole_article_as_one_paragraph_the_part_with_the_answer_is_gold(
    tmp_path: Path,
) -> None:
    context = f"{LIGHTHOUSE}\r\n\r\n{KEEPERS}"
    asked = question("1", "Who cooked?", context.index("one"), "one")
    article = {"paragraphs": [{"document_id": 630, "context": context, "qas": [asked]}]}
    file = tmp_path / "covid.json"
    file.write_text(squad(article, article | {"paragraphs": []}))
    (case,) = load("squad", tmp_path).cases
    assert case.gold == (Gold("630.md", KEEPERS),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"data": [\n{"title": }]}', r"dev\.json, line 2: not valid JSON"),
        ("[]", "is not a JSON object"),
        ('{"data": [{"title": "A"}]}', r"data\[0\]: “paragraphs” is missing"),
        (
            squad({"title": "A", "paragraphs": [{"context": "B.", "qas": [{"id": "1"}]}]}),
            r"data\[0\], paragraphs\[0\], qas\[0\]: “answers” is missing",
        ),
        (
            squad(
                {
                    "title": "A",
                    "paragraphs": [
                        {"context": "B.", "qas": [{"id": "1", "question": "C?", "answers": []}]}
                    ],
                }
            ),
            "it has no answers, and is not marked as impossible",
        ),
    ],
)
def test_what_is_not_of_squads_form_is_named_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "dev.json"
    file.write_text(text)
    with pytest.raises(BadDataset, match=message):
        load("squad", file)


# --- CLAPnq ---------------------------------------------------------------------


def clap(key: int, asked: str, title: str, text: str, answer: str | None) -> dict[str, Any]:
    return {
        "id": key,
        "input": asked,
        "passages": [{"title": title, "text": text, "sentences": [text]}],
        "output": [{"answer": answer, "selected_sentences": [], "meta": None}],
    }


def test_clapnq_has_prose_for_reference_and_null_for_no_answer(tmp_path: Path) -> None:
    lines(tmp_path / "yes.jsonl", clap(1, "who lit it", "Old Light", LIGHTHOUSE, "Nobody knows."))
    lines(tmp_path / "no.jsonl", clap(2, "who sold it", "Old Light", KEEPERS, None))
    dataset = load("clapnq", tmp_path)
    refused, answered = dataset.cases
    assert not refused.answerable
    assert refused.gold == ()
    assert answered.reference == "Nobody knows."
    assert answered.answers == ()
    assert answered.gold == (Gold(file_name("Old Light"), LIGHTHOUSE),)
    assert dataset.corpus is not None
    (written,) = dataset.corpus.rglob("*.md")
    body = parse(written.read_bytes(), "x.md", Limits()).text
    assert LIGHTHOUSE in body
    assert KEEPERS in body, "what does not answer is searched too"
    assert any("without passages.tsv" in note for note in dataset.notes)


def test_the_whole_corpus_of_clapnq_is_taken_where_it_lies_beside(tmp_path: Path) -> None:
    file = lines(tmp_path / "dev.jsonl", clap(1, "who", "Old Light", LIGHTHOUSE, "Nobody."))
    (tmp_path / "passages.tsv").write_text(
        f"id\ttext\ttitle\n1\t{LIGHTHOUSE}\tOld Light\n2\t{KELP}\tKelp\n3\t{KEEPERS}\tOld Light\n"
    )
    dataset = load("clapnq", file)
    assert dataset.corpus is not None
    assert len(list(dataset.corpus.rglob("*.md"))) == 2
    assert not any("without" in note for note in dataset.notes)
    (tmp_path / "passages.tsv").write_text("1\t2\n3\t4\n")
    with pytest.raises(BadDataset, match="no “title” or no “text”"):
        load("clapnq", file)


def test_a_line_that_is_not_clapnqs_is_named(tmp_path: Path) -> None:
    file = lines(tmp_path / "dev.jsonl", {"id": 1, "input": "who", "passages": []})
    with pytest.raises(BadDataset, match=r"dev\.jsonl, line 1: “output” is not a list"):
        load("clapnq", file)


# --- FinanceBench ---------------------------------------------------------------------


def finance(key: str, *evidence: tuple[str, str]) -> dict[str, Any]:
    parts = [{"doc_name": name, "evidence_text": text} for name, text in evidence]
    return {
        "financebench_id": key,
        "question": "What was the revenue in 2019?",
        "answer": "$12 million",
        "question_type": "Metrics Generated",
        "doc_name": "ACME_2019_10K",
        "evidence": parts,
    }


def test_financebench_has_evidence_in_reports_that_lie_beside(tmp_path: Path) -> None:
    pair = finance("fb_2", ("ACME_2019_10K", "a"), ("ACME_2018_10K", "b"))
    old = {"doc_name": "ACME_2019_10K", "question": "Why?", "answer": "So.", "evidence_text": "c"}
    lines(tmp_path / "data" / "financebench_open_source.jsonl", finance("fb_1"), pair, old)
    (tmp_path / "pdfs").mkdir()
    for year in (2018, 2019):
        (tmp_path / "pdfs" / f"ACME_{year}_10K.pdf").touch()
    dataset = load("financebench", tmp_path)
    first, second, third = dataset.cases
    assert dataset.corpus == tmp_path / "pdfs"
    assert first.gold == (Gold("ACME_2019_10K.pdf"),)
    assert first.reference == "$12 million"
    assert first.tags == ("metrics-generated",)
    assert second.gold == (Gold("ACME_2019_10K.pdf", "a"), Gold("ACME_2018_10K.pdf", "b"))
    assert third.gold == (Gold("ACME_2019_10K.pdf", "c"),)


def test_reports_that_are_missing_are_named_with_where_to_get_them(tmp_path: Path) -> None:
    file = lines(tmp_path / "financebench_open_source.jsonl", finance("fb_1"))
    with pytest.raises(NotFound, match=r"1 of the 1 reports .* missing: ACME_2019_10K\.pdf") as no:
        load("financebench", file)
    assert "github.com/patronus-ai/financebench" in no.value.action
    assert str(tmp_path / "pdfs") in no.value.action


# --- the command ---------------------------------------------------------------------


@pytest.mark.slow
def test_a_folder_of_beir_is_measured_by_the_command(
    beir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_PRECISION", "float32")
    command = ["--dataset", "beir", str(beir), "--data-dir", "own", "--json", "report.json"]
    done = CliRunner().invoke(cli.app, command)
    assert done.exit_code == 0, done.output
    assert "3 added" in done.output
    report = json.loads(Path("report.json").read_text())
    assert report["cases"] == 2
    for ranking in ("as set", "cosine alone"):
        assert report["retrieval"][ranking]["document_ndcg_at_10"]["n"] == 2
    assert report["rows"][0]["scores"]["document_ndcg_at_10"] == 1.0, "the bees are found first"
    assert "flowers" not in Path("report.json").read_text(), "no text of the set is kept"
