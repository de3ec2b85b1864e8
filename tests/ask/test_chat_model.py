"""Chat models by name, over real HTTP: what they stream, and what becomes of every failure."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from app.ask.writing.chat_model import Chunk, LangChainChatModel, complete
from app.ask.writing.prices import Prices
from app.ask.writing.prompts import Message
from app.errors import SettingsError, WritingFailed
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import OpenAIServer, Script, serve

ASKED = [Message("system", "Be brief."), Message("user", "How far is it to the harbor?")]
TOLD = Script("It is four kilometers to the harbor [1].")
NAME = "openai:scripted"


@pytest.fixture(scope="module")
def listening() -> Iterator[OpenAIServer]:
    with serve() as running:
        yield running


@pytest.fixture
def server(listening: OpenAIServer) -> OpenAIServer:
    listening.requests.clear()
    listening.closed_early.clear()
    listening.script(TOLD)
    return listening


def model_of(
    server: OpenAIServer, *, first: float = 5, total: float = 5, price: str = ""
) -> LangChainChatModel:
    return LangChainChatModel(
        NAME,
        base_url=server.base_url,
        first_token_timeout_s=first,
        timeout_s=total,
        prices=Prices(NAME, base_url=server.base_url, override=price),
    )


def streamed(model: LangChainChatModel, max_tokens: int = 100) -> list[Chunk]:
    async def run() -> list[Chunk]:
        return [chunk async for chunk in model.stream(ASKED, max_tokens=max_tokens)]

    return asyncio.run(run())


def failure(model: LangChainChatModel, max_tokens: int = 100) -> WritingFailed:
    with pytest.raises(WritingFailed) as caught:
        streamed(model, max_tokens)
    return caught.value


def test_text_comes_in_pieces_and_the_usage_at_the_end(server: OpenAIServer) -> None:
    server.script(TOLD)
    *pieces, last = streamed(model_of(server, price="1/10"))
    assert len(pieces) > 2
    assert "".join(piece.text for piece in pieces) == TOLD.text
    assert last.finish == "stop"
    assert last.usage is not None
    assert (last.usage.input_tokens, last.usage.output_tokens) == (321, 45)
    assert last.usage.cost_usd == pytest.approx(321e-6 + 450e-6)


def test_the_request_carries_the_messages_the_limit_and_the_key(server: OpenAIServer) -> None:
    model = LangChainChatModel(NAME, base_url=server.base_url, api_key=SecretStr("sk-own"))
    streamed(model, max_tokens=77)
    [shown] = server.requests
    assert [m["content"] for m in shown.messages] == [message.text for message in ASKED]
    assert shown.options["model"] == "scripted"
    assert shown.options["max_completion_tokens"] == 77
    assert shown.headers["authorization"] == "Bearer sk-own"


def test_a_key_from_the_environment_is_not_sent_to_another_server(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-only")
    streamed(model_of(server))
    assert "sk-for-openai-only" not in str(server.requests[0].headers)


def test_the_price_of_a_server_of_ones_own_is_unknown_and_not_zero(server: OpenAIServer) -> None:
    server.script(TOLD)
    usage = streamed(model_of(server))[-1].usage
    assert usage is not None
    assert usage.input_tokens == 321
    assert usage.cost_usd is None


def test_tokens_are_estimated_where_a_server_does_not_count(server: OpenAIServer) -> None:
    server.script(Script("x" * 400 + ".", usage=None))
    usage = streamed(model_of(server))[-1].usage
    assert usage is not None
    assert usage.output_tokens == 101
    assert usage.input_tokens == 3 + 7


def test_a_whole_text_can_be_had_at_once(server: OpenAIServer) -> None:
    server.script(TOLD)
    text, usage = asyncio.run(complete(model_of(server), ASKED, max_tokens=50))
    assert text == TOLD.text
    assert usage.output_tokens == 45


@pytest.mark.parametrize(
    ("script", "problem", "words"),
    [
        (fake.UNAUTHORIZED, "wrong_key", "did not accept the key"),
        (fake.NO_SUCH_MODEL, "rejected", "was not found"),
        (fake.TOO_LONG, "rejected", "did not take the request (400)"),
        (fake.NO_CREDIT, "rate_limited", "no credit left"),
        (fake.rate_limited(), "rate_limited", "takes no more requests"),
        (fake.BROKEN, "unreachable", "has a problem of its own (500)"),
        (fake.ERROR_MIDWAY, "broken_off", "broke off in the middle"),
        (fake.DROPPED, "broken_off", "broke off in the middle"),
        (fake.GARBAGE_MIDWAY, "broken_off", "broke off in the middle"),
        (fake.FILTERED, "refused", "refused"),
        (fake.REFUSAL_FIELD, "empty", "gave an empty answer"),  # LangChain drops the field
        (fake.EMPTY, "empty", "gave an empty answer"),
        (fake.BLANK, "empty", "gave an empty answer"),
        (Script("", finish="length"), "empty", "used up its 100 tokens"),
        (Script("It is four", finish=None), "broken_off", "broke off"),
    ],
)
def test_every_failure_becomes_one_sentence_without_the_providers_words(
    server: OpenAIServer, script: Script, problem: str, words: str
) -> None:
    if callable(script.text):
        script = Script(**{**vars(script), "text": "It is four kilometers to the harbor, no more."})
    server.script(script)
    failed = failure(model_of(server))
    assert failed.problem == problem
    assert NAME in failed.detail
    assert words in failed.detail
    assert "SECRET" not in failed.notice
    assert "so this is quoted from your documents instead." in failed.notice


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    model = LangChainChatModel(NAME, base_url="http://127.0.0.1:9/v1", timeout_s=5)
    failed = failure(model)
    assert failed.problem == "unreachable"
    assert failed.usage.cost_usd == 0.0  # nothing was asked of anybody


@pytest.mark.parametrize("first", [fake.rate_limited(0.1), fake.BROKEN, fake.DROPPED_AT_ONCE])
def test_a_hiccup_before_the_first_word_is_tried_once_more(
    server: OpenAIServer, first: Script
) -> None:
    if callable(first.text):
        first = Script(**{**vars(first), "text": "It is far."})
    server.script(first, TOLD)
    assert "".join(chunk.text for chunk in streamed(model_of(server))) == TOLD.text
    assert len(server.requests) == 2


def test_it_is_tried_once_more_and_not_twice(server: OpenAIServer) -> None:
    server.script(fake.BROKEN, fake.BROKEN, TOLD)
    assert failure(model_of(server)).problem == "unreachable"
    assert len(server.requests) == 2


@pytest.mark.parametrize("script", [fake.UNAUTHORIZED, fake.TOO_LONG, fake.NO_CREDIT])
def test_what_would_fail_again_is_not_tried_again(server: OpenAIServer, script: Script) -> None:
    server.script(script, TOLD)
    failure(model_of(server))
    assert len(server.requests) == 1


def test_a_wait_longer_than_the_time_limit_is_not_waited(server: OpenAIServer) -> None:
    server.script(fake.rate_limited(60), TOLD)
    started = time.monotonic()
    assert failure(model_of(server)).problem == "rate_limited"
    assert time.monotonic() - started < 3


def test_once_words_have_come_nothing_is_tried_again(server: OpenAIServer) -> None:
    server.script(Script("It is four kilometers, no more.", error_after=2), TOLD)
    failure(model_of(server))
    assert len(server.requests) == 1


def test_a_slow_first_word_ends_the_wait(server: OpenAIServer) -> None:
    server.script(Script("It is far.", first_wait_s=30))
    started = time.monotonic()
    failed = failure(model_of(server, first=0.4))
    assert time.monotonic() - started < 3
    assert failed.problem == "timed_out"
    assert failed.notice == (
        "openai:scripted did not answer within 0.4 s, "
        "so this is quoted from your documents instead."
    )
    assert failed.usage.input_tokens > 0  # the provider read it


def test_slow_words_end_at_the_limit_for_the_whole(server: OpenAIServer) -> None:
    server.script(Script("It is far away from here.", wait_s=0.3, piece=2))
    failed = failure(model_of(server, first=5, total=0.8))
    assert failed.detail == "openai:scripted did not finish its answer within 0.8 s."
    assert failed.usage.output_tokens > 0


def test_an_endless_answer_is_cut_off(server: OpenAIServer) -> None:
    server.script(fake.ENDLESS)
    chunks = streamed(model_of(server), max_tokens=20)
    assert chunks[-1].finish == "length"
    assert sum(len(chunk.text) for chunk in chunks) < 20 * 8 + 50


def test_stopping_closes_the_connection(server: OpenAIServer) -> None:
    server.script(Script("and so on ", endless=True, wait_s=0.01))

    async def stop_early() -> None:
        async with aclosing(model_of(server).stream(ASKED, max_tokens=5000)) as chunks:
            async for _ in chunks:
                break

    asyncio.run(stop_early())
    assert server.closed_early.wait(30)


def test_a_server_that_knows_no_token_counts_is_asked_without(server: OpenAIServer) -> None:
    refusing = Script(status=400, code="unknown field: stream_options")
    server.script(refusing, TOLD)
    model = model_of(server)
    assert "".join(chunk.text for chunk in streamed(model)) == TOLD.text
    streamed(model)
    assert ["stream_options" in shown.options for shown in server.requests] == [True, False, False]


def test_the_same_model_serves_one_event_loop_after_the_other(server: OpenAIServer) -> None:
    server.script(TOLD)
    model = model_of(server)
    for _ in range(3):
        assert streamed(model)[-1].finish == "stop"
    assert len(server.requests) == 3


@pytest.mark.parametrize("name", ["gpt-5-mini", "openai:", ":x", " "])
def test_a_name_without_provider_and_model_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_CHAT_MODEL"):
        LangChainChatModel(name)


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(SettingsError, match="pip install langchain-cohere"):
        LangChainChatModel("cohere:command-a").load(100)


def test_an_unknown_provider_and_a_missing_key_are_said_and_lose_no_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    unknown = failure(LangChainChatModel("nobody:x"))
    assert (unknown.problem, unknown.detail) == (
        "not_set_up",
        "LangChain knows no provider called 'nobody'.",
    )
    keyless = failure(LangChainChatModel("openai:gpt-5-mini"))
    assert keyless.action == "Set FOOTNOTE_CHAT_API_KEY, or OPENAI_API_KEY."


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("anthropic:claude-haiku-4-5", "langchain_anthropic"),
        ("ollama:llama3.2", "langchain_ollama"),
    ],
)
def test_other_providers_take_the_same_settings(name: str, package: str) -> None:
    pytest.importorskip(package)
    model = LangChainChatModel(
        name, base_url="http://127.0.0.1:9", api_key=SecretStr("k"), timeout_s=5
    )
    failed = failure(model)
    assert failed.problem == "unreachable", failed


def test_a_call_is_a_span_with_tokens_and_cost_and_no_content(
    server: OpenAIServer, spans: InMemorySpanExporter
) -> None:
    server.script(TOLD)
    streamed(model_of(server, price="1/10"))
    [span] = spans.get_finished_spans()
    assert span.name == "chat scripted"
    attributes = dict(span.attributes or {})
    assert attributes.pop("gen_ai.response.time_to_first_chunk") > 0  # type: ignore[operator]
    assert attributes.pop("llm.cost.total") == pytest.approx(771e-6)
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "openinference.span.kind": "LLM",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "scripted",
        "gen_ai.request.max_tokens": 100,
        "gen_ai.response.model": "scripted",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 321,
        "gen_ai.usage.output_tokens": 45,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "footnote.usage.estimated": False,
        "llm.cost.prompt": pytest.approx(321e-6),
        "llm.cost.completion": pytest.approx(450e-6),
    }


def test_content_is_on_the_span_when_it_is_opted_in(
    server: OpenAIServer, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    server.script(TOLD)
    streamed(model_of(server))
    [span] = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert "harbor?" in str(attributes["gen_ai.input.messages"])
    [told] = json.loads(str(attributes["gen_ai.output.messages"]))
    assert told == {"role": "assistant", "parts": [{"type": "text", "content": TOLD.text}]}


def test_a_failed_call_says_on_its_span_why(
    server: OpenAIServer, spans: InMemorySpanExporter
) -> None:
    server.script(fake.UNAUTHORIZED)
    failure(model_of(server))
    [span] = spans.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "wrong_key"
    assert not span.status.is_ok
    assert "llm.cost.total" not in (span.attributes or {})


def test_starting_the_application_imports_no_chat_model() -> None:
    program = (
        "import sys; import app.bootstrap, app.ask.writing.written, app.ask.writing.budget;"
        "from app.ask.writing.chat_model import LangChainChatModel; LangChainChatModel('openai:x');"
        "print([m for m in ('langchain', 'langchain_openai', 'openai', 'genai_prices')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
