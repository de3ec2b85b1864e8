"""What people say about an answer: as plain forms, through htmx, and never from other sites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain import AnswerState, Level
from app.records.answers import Feedback
from app.records.requests import RequestStore
from app.web.pattern_samples import sample_answer, sample_conflicting, sample_not_found
from tests.web.conftest import FROM_US, HTMX, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services
    from app.domain import Answer


def stored(services: Services, name: str) -> str:
    answer = replace(sample_answer(AnswerState.ANSWERED, Level.HIGH), answer_id=name)
    services.answers.add(answer)
    return name


def test_feedback_works_as_a_plain_form(client: TestClient, services: Services) -> None:
    name = stored(services, "ans_test_feedback")
    form = {"helpful": "no", "reason": ["outdated", "made up"], "comment": " Old fees. "}
    response = client.post(f"/a/{name}/feedback", data=form, headers=FROM_US)
    assert response.status_code == 303
    assert services.answers.feedback(name) == [
        Feedback(name, helpful=False, reasons=("outdated",), comment="Old fees.")
    ]
    page = client.get(response.headers["location"].split("#")[0]).text
    assert "Thank you" in words(page)


def test_feedback_through_htmx_is_thanked_in_place(client: TestClient, services: Services) -> None:
    name = stored(services, "ans_test_feedback_htmx")
    response = client.post(f"/a/{name}/feedback", data={"helpful": "yes"}, headers=HTMX)
    assert tree(response.text).css_first("section#feedback [role=status]")
    assert "<html" not in response.text
    assert services.answers.feedback(name)[0].helpful


def test_feedback_without_a_choice_is_refused(client: TestClient, services: Services) -> None:
    name = stored(services, "ans_test_feedback_empty")
    response = client.post(f"/a/{name}/feedback", data={"comment": "?"}, headers=FROM_US)
    assert response.status_code == 400
    assert services.answers.feedback(name) == []


# --- corrections ---------------------------------------------------------------------------------


def test_a_correction_starts_from_the_text_and_is_kept(
    client: TestClient, services: Services
) -> None:
    name = stored(services, "ans_test_correction")
    page = tree(client.get(f"/a/{name}").text)
    field = page.css_first("#correction textarea")
    assert "The harbor office is open from 7:30" in field.text()
    response = client.post(
        f"/a/{name}/correction", data={"correction": "Open from 8:00. "}, headers=FROM_US
    )
    assert response.headers["location"] == f"/a/{name}?said=correction#correction"
    assert services.answers.feedback(name) == [
        Feedback(name, helpful=False, correction="Open from 8:00.")
    ]
    thanked = tree(client.get(f"/a/{name}?said=correction").text)
    assert "Your correction is kept" in thanked.css_first("section#correction").text()


def test_a_correction_through_htmx_is_thanked_in_place(
    client: TestClient, services: Services
) -> None:
    name = stored(services, "ans_test_correction_htmx")
    response = client.post(f"/a/{name}/correction", data={"correction": "No."}, headers=HTMX)
    assert "Your correction is kept" in words(response.text)
    assert "<html" not in response.text


@pytest.mark.parametrize("text", ["", "   ", None])
def test_a_correction_that_changes_nothing_is_refused(
    client: TestClient, services: Services, text: str | None
) -> None:
    name = stored(services, f"ans_test_same_{text!r}")
    same = sample_answer(AnswerState.ANSWERED, Level.HIGH).text if text is None else text
    response = client.post(f"/a/{name}/correction", data={"correction": same}, headers=FROM_US)
    assert response.status_code == 400
    assert "Change it to what the answer should say" in words(response.text)
    assert services.answers.feedback(name) == []


# --- reports and requests -------------------------------------------------------------------------


def kept(services: Services, answer: Answer, name: str) -> str:
    services.answers.add(replace(answer, answer_id=name))
    return name


def test_a_problem_is_reported_with_its_kind(client: TestClient, services: Services) -> None:
    name = stored(services, "ans_test_report")
    choices = tree(client.get(f"/a/{name}").text).css("#problem input[name=kind]")
    assert [one.attributes["value"] for one in choices] == [
        "harmful",
        "private",
        "wrong_source",
        "conflict",
        "broken",
        "other",
    ]
    response = client.post(
        f"/a/{name}/report", data={"kind": "private", "comment": " A salary. "}, headers=FROM_US
    )
    assert response.headers["location"] == f"/a/{name}?said=report#report"
    (report,) = RequestStore(services.engine).reports(name)
    assert (report.kind, report.comment) == ("private", "A salary.")
    assert report.session_id
    thanked = tree(client.get(f"/a/{name}?said=report").text)
    assert "Your report is kept" in thanked.css_first("section#report").text()
    assert not thanked.css("#problem")


def test_a_report_of_no_known_kind_is_refused(client: TestClient, services: Services) -> None:
    name = stored(services, "ans_test_report_kind")
    response = client.post(f"/a/{name}/report", data={"kind": "ugly"}, headers=HTMX)
    assert response.status_code == 400
    assert RequestStore(services.engine).reports(name) == []


def test_a_disagreement_is_reported_with_one_press(client: TestClient, services: Services) -> None:
    name = kept(services, sample_conflicting(), "ans_test_disagree")
    form = tree(client.get(f"/a/{name}").text).css_first(".next form.tell")
    fields = {one.attributes["name"]: one.attributes["value"] for one in form.css("input")}
    response = client.post(form.attributes["action"] or "", data=fields, headers=HTMX)
    assert "Your report is kept" in words(response.text)
    assert [one.kind for one in RequestStore(services.engine).reports(name)] == ["conflict"]


@pytest.mark.parametrize("htmx", [False, True])
def test_the_owners_are_told_what_is_missing_once(
    client: TestClient, services: Services, htmx: bool
) -> None:
    name = kept(services, sample_not_found(), f"ans_test_request_{htmx}")
    page = tree(client.get(f"/a/{name}").text)
    form = page.css_first("form.tell")
    assert form.attributes["action"] == f"/a/{name}/request"
    response = client.post(
        f"/a/{name}/request", data={"comment": "For 1 May"}, headers=HTMX if htmx else FROM_US
    )
    if htmx:
        assert "on the list of what is missing" in words(response.text)
    else:
        assert response.headers["location"] == f"/a/{name}?said=request#request"
    request = RequestStore(services.engine).request_of(name)
    assert request is not None
    assert request.question == "Is the office open on public holidays?"
    assert request.comment == "For 1 May"
    later = tree(client.get(f"/a/{name}").text)
    assert "on the list of what is missing" in later.css_first("#request").text()
    assert not later.css("form.tell")


@pytest.mark.parametrize("what", ["feedback", "correction", "report", "request"])
def test_nothing_can_be_said_about_an_answer_that_does_not_exist(
    client: TestClient, what: str
) -> None:
    fields = {"helpful": "yes", "correction": "x", "kind": "other"}
    response = client.post(f"/a/ans_never/{what}", data=fields, headers=FROM_US)
    assert response.status_code == 404


@pytest.mark.parametrize("what", ["feedback", "correction", "report", "request"])
def test_another_site_cannot_say_anything_in_somebodys_name(
    client: TestClient, services: Services, what: str
) -> None:
    name = stored(services, f"ans_test_cross_{what}")
    fields = {"helpful": "no", "correction": "x", "kind": "other"}
    response = client.post(
        f"/a/{name}/{what}", data=fields, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403
    assert services.answers.feedback(name) == []
    assert RequestStore(services.engine).reports(name) == []
    assert RequestStore(services.engine).request_of(name) is None
