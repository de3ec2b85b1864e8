"""Whatever a document holds, no output of it loads, links or runs anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.injection.attacks import TOPICS, Case
from tests.injection.cases import CASES
from tests.injection.conftest import Asked
from tests.injection.outputs import active_parts, controls, links_in_markdown
from tests.injection.test_harmless import each_case, each_mode

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.injection.conftest import Library

OWN = "http://127.0.0.1"


@pytest.fixture(scope="session")
def browser(library: Library) -> Iterator[TestClient]:
    """A browser without JavaScript."""
    from tests.web.conftest import browsing

    with browsing(library.services) as client:
        yield client


@each_case
@each_mode
def test_an_answers_page_holds_nothing_of_a_documents_markup(
    case: Case, mode: Asked, library: Library, browser: TestClient
) -> None:
    page = browser.get(f"/a/{library.asked(case, mode).answer_id}")
    assert page.status_code == 200
    assert active_parts(page.text, OWN) == []


@each_case
def test_viewer_list_and_search_hold_nothing_of_a_documents_markup(
    case: Case, library: Library, browser: TestClient
) -> None:
    addresses = ["/documents", f"/search?q={case.telltale}+{case.topic.about}"]
    for one in library.hostile[case.id]:
        addresses += [
            f"/documents/{one}",
            f"/documents/{one}?view=text",
            f"/documents/{one}/delete",
        ]
    for address in addresses:
        page = browser.get(address)
        assert page.status_code == 200, address
        assert active_parts(page.text, OWN) == [], address
        assert "default-src 'none'" in page.headers["content-security-policy"]
    for one in library.hostile[case.id]:
        original = browser.get(f"/documents/{one}/original")
        assert original.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in original.headers["content-security-policy"]


@each_case
@each_mode
def test_a_copied_answer_links_nothing_but_itself(
    case: Case, mode: Asked, library: Library, browser: TestClient
) -> None:
    answer = library.asked(case, mode)
    copy = browser.get(f"/a/{answer.answer_id}.md").text
    assert case.topic.fact in copy
    assert links_in_markdown(copy, f"{OWN}/a/{answer.answer_id}") == []


@each_case
@each_mode
def test_a_chat_program_is_given_no_link(case: Case, mode: Asked, library: Library) -> None:
    from app.api.openai_compat import content_pieces

    content = "".join(content_pieces(library.asked(case, mode)))
    assert case.topic.fact in content
    assert links_in_markdown(content, "") == []


@each_case
def test_a_terminal_is_given_no_control_characters(
    case: Case, library: Library, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from app.api.schemas import AnswerOut
    from app.terminal.output import print_answer, print_documents, print_json, print_results

    answers = [library.asked(case, mode) for mode in get_args(Asked)]
    capfdbinary.readouterr()
    documents = [library.services.documents.get(one) for one in library.hostile[case.id]]
    for answer in answers:
        print_answer(answer)
        assert answer.retrieval is not None
        print_results(answer.retrieval.hits)
    print_documents(documents)
    assert controls(capfdbinary.readouterr().out.decode()) == []
    print_json([AnswerOut.of(answer).model_dump(mode="json") for answer in answers])
    print_json([one.source for one in documents])
    written = capfdbinary.readouterr().out.decode()
    assert controls(written) == []


def test_agents_are_given_text_and_addresses_of_our_own(library: Library) -> None:
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    from app.main import create_app
    from tests.api.conftest import serving

    async def calls(url: str) -> list[Any]:
        async with Client(streamable_http_client(f"{url}/mcp")) as client:
            results = [await client.call_tool("search", {"query": "ZORK instructions", "k": 50})]
            for one in (one for case in CASES for one in library.hostile[case.id]):
                results.append(await client.call_tool("fetch", {"id": one}))  # noqa: PERF401  # awaits
            for topic in TOPICS:
                asked = {"question": topic.question, "mode": "quotes"}
                results.append(await client.call_tool("ask", asked))
            return results

    with serving(create_app(services=library.services)) as server:
        results = asyncio.run(calls(server.url))
    assert len(results) > len(CASES) + len(TOPICS)
    for result in results:
        assert not result.is_error
        assert {part.type for part in result.content} == {"text"}
        for address in _values(result.structured_content, "url"):
            assert address.startswith(f"{server.url}/documents/")
        assert controls(json.dumps(result.structured_content)) == []


def _values(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from _values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, name)


def test_nothing_was_fetched(library: Library, browser: TestClient) -> None:
    for case in CASES:
        for mode in get_args(Asked):
            library.asked(case, mode)
    assert library.canary.asked == []
