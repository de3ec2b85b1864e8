"""What a call's tokens come to: as providers report cached, kept and reasoned ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from app.ask.writing.model_call import ModelCall
from app.ask.writing.price_file import load_prices
from app.ask.writing.prices import Prices
from app.ask.writing.prompts import Message
from app.domain import Usage


def called(name: str, *reports: dict[str, Any], prices: Prices | None = None) -> Usage:
    provider, _, model = name.partition(":")
    call = ModelCall(
        provider,
        model,
        [Message("user", "x" * 400)],
        max_tokens=100,
        first_token_timeout_s=5,
        timeout_s=5,
        prices=prices or Prices(name),
        parent=None,
    )
    call.start()
    for report in reports:
        used: Any = {"total_tokens": 0, **report}
        chunk = AIMessageChunk(content="word ", usage_metadata=used)
        call.take(chunk)
    call.end()
    return call.usage()


def test_anthropics_cache_is_read_for_a_tenth_and_written_for_more() -> None:
    details = {
        "cache_read": 4000,
        "cache_creation": 0,
        "ephemeral_5m_input_tokens": 2000,
        "ephemeral_1h_input_tokens": 1000,
    }
    usage = called(
        "anthropic:claude-haiku-4-5",
        {"input_tokens": 10_000, "output_tokens": 1, "input_token_details": details},
        {"input_tokens": 0, "output_tokens": 100},
    )
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (10_000, 100, 4000)
    # 3,000 at $1 per million, 4,000 at 0.10, 2,000 at 1.25, 1,000 at 2; 100 at 5
    assert usage.cost_usd == pytest.approx((3000 + 400 + 2500 + 2000 + 500) / 1e6)
    assert usage.price_version.startswith("genai-prices ")


def test_openais_cached_tokens_are_found_under_a_service_tier_too() -> None:
    for name in ("cache_read", "flex_cache_read", "priority_cache_read"):
        usage = called(
            "openai:gpt-5-mini",
            {"input_tokens": 1000, "output_tokens": 10, "input_token_details": {name: 800}},
        )
        assert usage.cached_tokens == 800


def test_tokens_of_unseen_reasoning_are_paid_as_output_and_once() -> None:
    report = {
        "input_tokens": 1000,
        "output_tokens": 900,
        "output_token_details": {"reasoning": 850},
    }
    usage = called("openai:x", report, prices=Prices("openai:x", override="1/10"))
    assert usage == Usage(1000, 900, pytest.approx(0.01), 0, "FOOTNOTE_CHAT_PRICE 1/10")  # type: ignore[arg-type]  # compares


def test_a_price_per_hour_counts_the_time_of_the_call_once(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("models: {'openai:own': {per_hour: 3600}}", encoding="utf-8")
    prices = Prices("openai:own", file=load_prices(path))
    usage = called("openai:own", {"input_tokens": 10, "output_tokens": 1}, prices=prices)
    assert usage.cost_usd is not None
    assert 0 < usage.cost_usd < 1  # a dollar a second
    assert usage.price_version.startswith("prices.yaml ")


def test_an_unknown_price_has_no_version() -> None:
    usage = called("ollama:llama3.2", {"input_tokens": 10, "output_tokens": 1})
    assert usage == Usage(10, 1, None)
