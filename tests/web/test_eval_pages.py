"""``/evals``: the list, one run, one case, two runs; whatever the files hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.bootstrap import build_services
from app.insights.evals.row import Claim, Row, TraceStep
from app.insights.evals.run_file import RunFigure
from app.settings import Settings
from tests.unit.eval_runs_made import made, row, write
from tests.web.conftest import browsing, tree

if TYPE_CHECKING:
    from starlette.testclient import TestClient

METRICS = """
metrics: {}
quality:
  correct: {target: 0.9, guardrail: 0.3, why: "It is the point of it."}
  false_refusal: {target: 0.05, guardrail: 0.1, owner: Product}
"""
CURVES: dict[str, Any] = {
    "reliability": (
        {
            "label": "sample",
            "cases": 80,
            "bins": [
                {"count": 40, "predicted": 0.2, "observed": 0.3, "low": 0.2, "high": 0.45},
                {"count": 40, "predicted": 0.8, "observed": 0.7, "low": 0.55, "high": 0.8},
            ],
            "buckets": [],
            "ece": 0.1,
            "ece_low": 0.05,
            "ece_high": 0.2,
        },
    ),
    "risk_coverage": (
        {
            "label": "sample",
            "cases": 80,
            "points": [[0.1, 0.05], [0.7, 0.2]],
            "shipped": [0.7, 0.2],
        },
    ),
}


def cases(wrong: int) -> list[Row]:
    found = [
        row(f"q{at:03}", right=at >= wrong, tags=("table", "typos" if at % 2 else "plain"))
        for at in range(70)
    ]
    refused = {"correct": 0.0, "false_refusal": 1.0}
    found += [
        row(f"r{at}", state="not_found", scores=refused, text="", split="holdout", tags=("plain",))
        for at in range(5)
    ]
    full = row(
        "in/full",
        question="What is <b>bold</b> & new?",
        after=("And before that?",),
        why="It is often asked.",
        trace=(
            TraceStep("invoke_workflow ask", 0, 0, 100),
            TraceStep("dense", 1, 10, 20, "40 found"),
        ),
        claims=(
            Claim("faithfulness", "It is new.", 1, "Passage 2 says so.", "answer"),
            Claim("rubric.plain-words", "Are the words plain?", 3, "", "criterion"),
        ),
        group="q000",
    )
    return [*found, full, row("broke-off", error="The model was away.", scores={"correct": 0.0})]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("evals")
    (folder / "prd").mkdir()
    (folder / "prd" / "metrics.yaml").write_text(METRICS)
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        embedding_model=str(folder / "none"),
        prd_dir=folder / "prd",
        eval_report=folder / "reports" / "sample" / "report.json",
    )
    slices = {
        "typos": {"correct": RunFigure(0.6, 35, 0.4, 0.75)},
        "plain": {"correct": RunFigure(0.8, 35, 0.6, 0.9)},
        "table": {"correct": RunFigure(0.7, 70, 0.6, 0.8)},
    }
    confusion = {"answered": {"answered": 70, "not_found": 5}}
    base = made("sample", cases(5), slices=slices, confusion=confusion, **CURVES)
    write(settings.eval_report, base)
    kept = folder / "data" / "evals"
    later = "2026-11-23T08:00:00+00:00"
    worse = made("new", cases(30), made_at=later, configuration={"dense_weight": 1.0})
    write(kept / "new.json", worse)
    bare = [replace(one, question="", text="", reference="", answers=()) for one in cases(5)]
    write(kept / "bare.json", made("bare", bare, dataset="filings"))
    write(kept / "empty.json", made("empty", [], dataset="none", notes=("Nothing was asked.",)))
    odd = {"reliability": ({"label": "?"},), "risk_coverage": ({"points": "x"},)}
    write(kept / "odd.json", made("odd", cases(0)[:3], dataset="odd", **odd))
    (kept / "broken.json").write_text("{")
    with browsing(build_services(settings)) as found:
        yield found


def words(html: str) -> str:
    """The text of a page, a space between one cell and the next."""
    return " ".join(tree(html).text(separator=" ").split())


def shown(client: TestClient, address: str, status: int = 200, *, htmx: bool = False) -> str:
    response = client.get(address, headers={"HX-Request": "true"} if htmx else {})
    assert response.status_code == status, response.text[:600]
    return response.text


def said(client: TestClient, address: str, status: int = 200) -> str:
    return words(shown(client, address, status))


def questions(html: str) -> list[str]:
    return [node.text(strip=True) for node in tree(html).css(".case-list tbody th a")]


# --- the list -------------------------------------------------------------------------------------


def test_the_list_has_every_run_the_baseline_marked_and_the_broken_one_with_its_problem(
    client: TestClient,
) -> None:
    page = tree(shown(client, "/evals"))
    names = [node.text(strip=True) for node in page.css(".run-list tbody th a")]
    assert names[0] == "new"
    assert set(names) == {"new", "sample", "bare", "empty", "odd"}
    text = words(page.html or "")
    assert "sample Baseline" in text
    assert "It is not the report of an eval. broken.json" in text
    assert len(page.css("input[name=t]")) == 5  # what is broken can't be compared


def test_a_figure_worse_than_its_guardrail_is_said_to_be(client: TestClient) -> None:
    page = tree(shown(client, "/evals"))
    assert page.css(".broken") == []
    text = said(client, "/evals/new")
    assert "target 90.0 %, missed" in text


def test_runs_of_one_dataset_make_a_course(client: TestClient) -> None:
    text = said(client, "/evals")
    assert "From run to run: sample" in text
    assert "From run to run: filings" not in text  # one run is no course


def test_without_a_run_the_list_says_how_to_make_one(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        embedding_model=str(tmp_path / "none"),
        prd_dir=tmp_path,
        eval_report=tmp_path / "reports" / "sample" / "report.json",
    )
    with browsing(build_services(settings)) as fresh:
        text = said(fresh, "/evals")
        assert "Nothing was measured yet" in text
        assert "footnote eval" in text
        assert "There are not two runs yet" in said(fresh, "/evals/compare")


# --- one run --------------------------------------------------------------------------------------


def test_a_run_shows_its_figures_beside_goals_and_the_baseline(client: TestClient) -> None:
    page = tree(shown(client, "/evals/new"))
    right = page.css_first("tr#correct")
    assert right is not None
    text = words(right.html or "")
    assert "at least 90.0 %, never below 30.0 %" in text
    assert "−32.5 points" in text  # 25 of 77 cases
    assert "worse" in text
    assert "Questions handled rightly ÷ questions" in text  # its definition
    assert "It is the point of it." in text


def test_the_baseline_is_shown_without_a_comparison(client: TestClient) -> None:
    assert "Against the baseline" not in said(client, "/evals/sample")


def test_curves_and_slices_have_their_numbers_in_tables(client: TestClient) -> None:
    page = tree(shown(client, "/evals/sample"))
    charts = [words(node.html or "") for node in page.css("figure.chart")]
    reliability = next(one for one in charts if one.startswith("Reliability"))
    assert "20 % 30 % 20 % to 45 % 40" in reliability
    assert "Calibration error 0.100, 95 % interval 0.050 to 0.200" in reliability
    risk = next(one for one in charts if one.startswith("Risk"))
    assert "As set, 70 % of questions are answered and 20 % of those answers are wrong." in risk
    phrasings = next(one for one in charts if one.startswith("Right, by how people write"))
    assert "Typing errors 60 % of 35" in phrasings
    links = [node.attributes["href"] for node in page.css(".slices a")]
    assert "/evals/sample?phrasing=typos#cases" in links
    assert "/evals/sample?kind=table#cases" in links


def test_curves_in_an_unknown_form_are_left_out(client: TestClient) -> None:
    assert "Does it know" not in said(client, "/evals/odd")


def test_states_lead_to_their_cases(client: TestClient) -> None:
    page = tree(shown(client, "/evals/sample"))
    links = [node.attributes["href"] or "" for node in page.css(".confusion a")]
    assert "/evals/sample?expected=answered&state=not_found#cases" in links
    found = questions(shown(client, "/evals/sample?expected=answered&state=not_found"))
    assert found == [f"What is r{at}?" for at in range(5)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("outcome=refused", 5),
        ("outcome=wrong", 5),
        ("outcome=failed", 1),
        ("phrasing=typos", 35),
        ("kind=table", 50),  # 72 of them: a first page
        ("split=holdout", 5),
        ("q=BOLD", 1),
        ("q=r3", 1),
        ("outcome=wrong&phrasing=plain", 3),
        ("outcome=nonsense", 50),  # what means nothing is left out
    ],
)
def test_cases_are_filtered(client: TestClient, query: str, count: int) -> None:
    assert len(questions(shown(client, f"/evals/sample?{query}"))) == count


def test_cases_are_sorted_and_paged(client: TestClient) -> None:
    first = questions(shown(client, "/evals/sample"))
    second = questions(shown(client, "/evals/sample?page=2"))
    assert (len(first), len(second)) == (50, 27)
    assert not set(first) & set(second)
    assert questions(shown(client, "/evals/sample?page=99")) == second
    assert questions(shown(client, "/evals/sample?page=%C2%B2")) == first
    assert len(questions(shown(client, "/evals/sample?sort=unsure"))) == 50


def test_a_search_that_finds_nothing_says_so(client: TestClient) -> None:
    assert "No cases match" in said(client, "/evals/sample?q=zzz")


def test_htmx_gets_the_list_of_cases_alone(client: TestClient) -> None:
    part = shown(client, "/evals/sample?outcome=refused", htmx=True)
    assert "<h1" not in part
    assert len(questions(part)) == 5


def test_a_run_without_texts_or_without_cases_is_shown_as_far_as_it_goes(
    client: TestClient,
) -> None:
    text = said(client, "/evals/bare")
    assert "made without texts" in text
    assert "q000" in text
    assert "keeps no cases" in said(client, "/evals/empty")
    assert "Nothing was asked." in said(client, "/evals/empty")
    assert "made without texts" in said(client, "/evals/bare/cases/q000")


def test_what_is_not_there_or_broken_is_said_in_a_sentence(client: TestClient) -> None:
    assert "There is no eval run “nothing”." in said(client, "/evals/nothing", 404)
    assert "is not the report of an eval" in said(client, "/evals/broken", 400)
    assert "has no case “zzz”" in said(client, "/evals/sample/cases/zzz", 404)
    assert client.get("/evals/..%2f..%2fsecret").status_code == 404


# --- one case -------------------------------------------------------------------------------------


def test_a_case_is_shown_in_full(client: TestClient) -> None:
    html = shown(client, "/evals/sample/cases/in/full")
    text = words(html)
    for expected in (
        "What is <b>bold</b> & new?",
        "And before that?",
        "in/full is it.",  # the reference
        "in/full is a thing.",  # the answer
        "It is often asked.",
        "Search by meaning 40 found",
        "Faithfulness",
        "It is new. answer yes Passage 2 says so.",
        "3 points",
        "The same question in other words",
    ):
        assert expected in text
    assert "<b>bold</b>" not in html
    lanes = tree(html).css(".waterfall rect")
    assert [lane.attributes["x"] for lane in lanes] == ["0.0%", "10.0%"]


def test_a_case_shows_how_it_fared_in_other_runs(client: TestClient) -> None:
    page = tree(shown(client, "/evals/sample/cases/q010"))
    rows = [words(node.html or "") for node in page.css(".past-table tbody tr")]
    assert rows[0].startswith("new 23 Nov 2026, 08:00 UTC Wrong")
    assert rows[1].startswith("sample this run")
    assert "No other run that is kept has this case" in said(client, "/evals/odd/cases/q000")


def test_a_case_that_could_not_be_asked_says_why(client: TestClient) -> None:
    text = said(client, "/evals/sample/cases/broke-off")
    assert "Could not be asked" in text
    assert "The model was away." in text


# --- two runs -------------------------------------------------------------------------------------


def test_two_runs_are_compared_regressions_first(client: TestClient) -> None:
    html = shown(client, "/evals/compare?a=sample&b=new")
    page, text = tree(html), words(html)
    assert "The second run is worse: 32.5 points fewer right; of 77 cases in both" in text
    assert "dense_weight 0.65 1" in text
    titles = [node.text(strip=True) for node in page.css(".part h2")]
    order = [title.split(",")[0] for title in titles]
    assert order.index("Right before") < order.index("Wrong before")
    assert "25 cases" in titles[order.index("Right before")]
    links = [node.attributes["href"] for node in page.css(".change-table a")]
    assert "/evals/new/cases/q005" in links


def test_two_that_were_ticked_are_compared_the_older_one_first(client: TestClient) -> None:
    response = client.get("/evals/compare?t=new&t=sample")
    assert response.status_code == 303
    assert response.headers["location"] == "/evals/compare?a=sample&b=new"
    assert "1 chosen, and it takes two" in said(client, "/evals/compare?t=new")
    assert "First" in said(client, "/evals/compare")


def test_runs_of_other_questions_are_laid_side_by_side(client: TestClient) -> None:
    text = said(client, "/evals/compare?a=sample&b=empty")
    assert "keeps no cases" in text
    assert "Nothing can be said of a difference" in text
    assert "There is no eval run" in said(client, "/evals/compare?a=sample&b=gone", 404)


# --- files ----------------------------------------------------------------------------------------


def read(client: TestClient, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.status_code == 200
    assert "attachment" in response.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(response.text)))


def test_everything_can_be_taken_along(client: TestClient) -> None:
    every = read(client, "/evals/sample/cases.csv")
    assert len(every) == 77
    assert every[0]["correct"] == "0.0"
    assert len(read(client, "/evals/sample/cases.csv?outcome=refused")) == 5
    figures = {line["metric"]: line for line in read(client, "/evals/sample/figures.csv")}
    assert figures["correct"]["target"] == "0.9"
    slices = read(client, "/evals/sample/slices.csv")
    assert {line["slice"] for line in slices} == {"typos", "plain", "table"}
    both = {line["id"]: line for line in read(client, "/evals/compare.csv?a=sample&b=new")}
    assert both["q010"]["change"] == "regression"
    assert (both["q010"]["correct_a"], both["q010"]["correct_b"]) == ("1.0", "0.0")


@pytest.mark.parametrize(
    "address",
    ["/evals", "/evals/new", "/evals/sample/cases/in/full", "/evals/compare?a=sample&b=new"],
)
def test_no_page_has_style_or_script_of_its_own(client: TestClient, address: str) -> None:
    page = tree(shown(client, address))
    assert page.css("[style]") == []
    assert [node for node in page.css("script") if not node.attributes.get("src")] == []
    assert len(page.css("h1")) == 1
    used = [node.attributes["id"] for node in page.css("[id]")]
    assert len(used) == len(set(used))
