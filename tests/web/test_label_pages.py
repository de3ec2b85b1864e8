"""``/evals/{run}/label`` and ``/evals/{run}/agreement``: people say what is right."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.bootstrap import build_services
from app.insights.evals.labeling import ordered
from app.insights.evals.row import Row
from app.settings import Settings
from tests.unit.eval_runs_made import made, row, write
from tests.web.conftest import browsing, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

ROWS = [row(f"q{at}", right=at % 3 != 0) for at in range(12)]
ROWS.append(row("none", state="not_found", text="", scores={"rubric.plain-tone": 2.0}))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        embedding_model=str(tmp_path / "none"),
        eval_report=tmp_path / "reports" / "sample" / "report.json",
    )
    write(settings.eval_report, made("sample", ROWS))
    bare = [row("q1", question="", text="", reference="", answers=())]
    write(tmp_path / "data" / "evals" / "bare.json", made("bare", bare))
    with browsing(build_services(settings)) as found:
        yield found


def shown(client: TestClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text[:600]
    return response.text


def fields(html: str) -> dict[str, str]:
    """What the form on the page sends besides what is chosen."""
    found = tree(html).css("form.l-form input[type=hidden]")
    return {node.attributes["name"]: node.attributes["value"] for node in found}


def save(client: TestClient, html: str, step: str = "next", **points: str) -> Any:
    chosen = {f"points.{name.replace('_', '-')}": value for name, value in points.items()}
    note = {"note": chosen.pop("points.note")} if "points.note" in chosen else {}
    form = fields(html) | chosen | note | {"step": step}
    return client.post("/evals/sample/label", data=form, follow_redirects=False)


def on(client: TestClient, case: Row, by: str = "Ann") -> str:
    return shown(client, f"/evals/sample/label?by={by}&at={case.id}")


def label(client: TestClient, case: Row, by: str, right: str) -> None:
    assert save(client, on(client, case, by), correct=right).status_code == 303


def test_a_name_is_asked_for_first(client: TestClient) -> None:
    page = tree(shown(client, "/evals/sample/label"))
    assert page.css_first("input[name=by]").attributes["required"] is None  # it is there
    assert not page.css("form.l-form")


def test_the_queue_begins_with_the_first_that_a_seed_draws(client: TestClient) -> None:
    page = shown(client, "/evals/sample/label?by=Ann&seed=3&take=40")
    first = ordered(ROWS, "random", 3)[0]
    assert tree(page).css_first("#card-title").text() == first.question
    assert "1 of 13 0 labeled by Ann" in words(page)


def test_scores_are_not_shown_to_whoever_labels(client: TestClient) -> None:
    page = words(on(client, ROWS[0]))
    assert "q0 is a thing." in page
    assert "q0 is it." in page
    assert "probability" not in page
    assert "Wrong" not in page


def test_saving_leads_to_the_next_and_counts(client: TestClient) -> None:
    drawn = ordered(ROWS, "random", 0)
    answer = save(client, shown(client, "/evals/sample/label?by=Ann"), correct="1", note="Yes.")
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query)["at"] == [drawn[1].id]
    page = shown(client, answer.headers["location"])
    assert "2 of 13 1 labeled by Ann" in words(page)
    # One that is labeled is left out when the queue is begun again.
    again = tree(shown(client, "/evals/sample/label?by=Ann"))
    assert again.css_first("#card-title").text() == drawn[1].question
    # And shows what was said when one goes back.
    back = tree(on(client, drawn[0]))
    assert back.css_first("input[name='points.correct'][checked]").attributes["value"] == "1"
    assert back.css_first("textarea").text() == "Yes."


def test_going_on_without_a_choice_says_nothing(client: TestClient) -> None:
    page = shown(client, "/evals/sample/label?by=Ann")
    location = save(client, page).headers["location"]
    assert "2 of 13 0 labeled by Ann" in words(shown(client, location))


def test_a_note_alone_is_refused_with_a_reason(client: TestClient) -> None:
    answer = save(client, on(client, ROWS[0]), note="Hm.")
    assert answer.status_code == 400
    assert "A note alone can't be kept." in words(answer.text)


def test_what_was_said_can_be_taken_back(client: TestClient) -> None:
    label(client, ROWS[0], "Ann", "1")
    label(client, ROWS[0], "Ben", "1")
    assert save(client, on(client, ROWS[0]), step="forget").status_code == 303
    assert "0 labeled by Ann" in words(on(client, ROWS[0]))
    assert "1 labeled by Ben" in words(on(client, ROWS[0], "Ben"))


def test_htmx_gets_the_next_card_and_its_address(client: TestClient) -> None:
    form = fields(on(client, ROWS[0])) | {"points.correct": "1", "step": "stay"}
    answer = client.post("/evals/sample/label", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "at=q0" in answer.headers["HX-Replace-Url"]


def test_only_what_can_be_asked_of_a_refusal_is_asked(client: TestClient) -> None:
    names = {node.attributes["name"] for node in tree(on(client, ROWS[-1])).css("[type=radio]")}
    assert "points.useful-next-step" in names
    assert "points.answers-the-question" not in names
    names = {node.attributes["name"] for node in tree(on(client, ROWS[0])).css("[type=radio]")}
    assert "points.answers-the-question" in names


def test_every_choice_has_a_key_of_its_own(client: TestClient) -> None:
    for case in (ROWS[0], ROWS[-1]):
        keys = [node.attributes["data-key"] for node in tree(on(client, case)).css("[data-key]")]
        assert len(keys) == len(set(keys)) == len(tree(on(client, case)).css("[type=radio]"))
        assert not set(keys) & {"j", "k", "n", "o", "?"}


def test_a_run_that_was_made_again_meanwhile_is_noticed(client: TestClient, tmp_path: Path) -> None:
    page = on(client, ROWS[0])
    changed = [row("q0", text="Something else."), *ROWS[1:]]
    write(tmp_path / "reports" / "sample" / "report.json", made("sample", changed))
    answer = save(client, page, correct="1")
    assert answer.status_code == 400
    assert "answers this question otherwise now" in words(answer.text)
    assert "0 labeled by Ann" in words(on(client, ROWS[0]))


def test_points_off_the_scale_are_refused(client: TestClient) -> None:
    assert save(client, on(client, ROWS[0]), correct="7").status_code == 400


def test_all_labeled_leads_to_the_agreement(client: TestClient) -> None:
    page = shown(client, "/evals/sample/label?by=Ann&take=2")
    for _ in range(2):
        answer = save(client, page, correct="1")
        page = shown(client, answer.headers["location"])
    assert "All 2 labeled" in words(page)


def test_without_texts_there_is_nothing_to_label(client: TestClient) -> None:
    assert "made without texts" in words(shown(client, "/evals/bare/label?by=Ann"))


def test_a_run_that_is_not_there_is_said_so(client: TestClient) -> None:
    shown(client, "/evals/nothing/label", 404)
    shown(client, "/evals/nothing/agreement", 404)


def test_before_a_label_the_agreement_page_says_where_to_begin(client: TestClient) -> None:
    assert "Nobody has labeled" in words(shown(client, "/evals/sample/agreement"))


def test_agreement_has_kappa_counts_and_the_cases_that_differ(client: TestClient) -> None:
    for at, case in enumerate(ROWS[:8]):
        label(client, case, "Ann", "0" if at % 3 == 0 else "1")
    for case in ROWS[:4]:
        label(client, case, "Ben", "1")
    page = shown(client, "/evals/sample/agreement")
    text = words(page)
    assert "Ann 8 answers" in text
    assert "Ann and the eval's own score" in text
    assert "Almost perfect agreement beyond chance. 8 cases are few" in text
    assert "Ann and Ben" in text
    links = {node.attributes["href"] for node in tree(page).css(".l-differing a")}
    assert links == {"/evals/sample/cases/q0", "/evals/sample/cases/q3"}
    figures = list(csv.DictReader(io.StringIO(client.get("/evals/sample/agreement.csv").text)))
    ann = next(one for one in figures if (one["first"], one["second"]) == ("Ann", "automatic"))
    assert (ann["cases"], float(ann["kappa"])) == ("8", 1.0)
    labels = list(csv.DictReader(io.StringIO(client.get("/evals/sample/labels.csv").text)))
    assert len(labels) == 12
    assert {(one["value"], one["automatic"]) for one in labels if one["labeler"] == "Ann"} == {
        ("0.0", "0.0"),
        ("1.0", "1.0"),
    }


def test_a_judges_criterion_is_compared_with_people(client: TestClient) -> None:
    page = on(client, ROWS[-1])
    save(client, page, plain_tone="2")
    text = words(shown(client, "/evals/sample/agreement"))
    assert "Ann and the judge model" in text
    assert re.search(r"κ is undefined", text)


def test_markup_in_a_name_is_text(client: TestClient) -> None:
    label(client, ROWS[0], "<b>Ann</b>", "1")
    assert "&lt;b&gt;Ann" in shown(client, "/evals/sample/agreement")
