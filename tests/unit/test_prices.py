"""What calls cost: the table, a file of one's own, cached tokens, machines by the hour."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import moment
from app.ask.writing.embedding_cost import PricedEmbedder
from app.ask.writing.price_file import EmbeddingPrice, PriceFile, load_prices
from app.ask.writing.prices import Cost, Prices, Tokens, joined_versions
from app.ask.writing.written_answer import total
from app.domain import Usage
from app.errors import SettingsError
from tests.knowledge.world import WordEmbedder

ROOT = Path(__file__).resolve().parents[2]
HAIKU = "anthropic:claude-haiku-4-5"


def prices_file(tmp_path: Path, text: str) -> PriceFile:
    path = tmp_path / "prices.yaml"
    path.write_text(text, encoding="utf-8")
    return load_prices(path)


def test_the_table_says_which_version_of_it_was_used() -> None:
    assert Prices(HAIKU).version.startswith("genai-prices 0.2")


def test_tokens_written_to_the_cache_cost_more_and_those_read_from_it_less() -> None:
    prices = Prices(HAIKU)
    plain, read, kept, hour = (
        prices.of(tokens)
        for tokens in (
            Tokens(1_000_000),
            Tokens(1_000_000, cached=1_000_000),
            Tokens(1_000_000, kept=1_000_000),
            Tokens(1_000_000, kept=1_000_000, kept_long=1_000_000),
        )
    )
    assert plain
    assert read
    assert kept
    assert hour
    # Anthropic's price list: 0.1 of the input's price, 1.25 and 2 times it
    assert read.prompt == pytest.approx(0.1 * plain.prompt)
    assert kept.prompt == pytest.approx(1.25 * plain.prompt)
    assert hour.prompt == pytest.approx(2 * plain.prompt)


@given(st.builds(Tokens, *[st.integers(-5, 5000)] * 5))
def test_whatever_a_server_counts_a_price_comes_of_it(tokens: Tokens) -> None:
    cost = Prices(HAIKU).of(tokens)
    assert cost is not None
    assert cost.total >= 0


def test_a_model_of_the_table_without_a_price_per_token_is_unknown() -> None:
    assert Prices("openrouter:deepseek/deepseek-r1:free").cost(1000, 1000) is None


def test_the_file_wins_over_the_table_and_the_setting_over_the_file(tmp_path: Path) -> None:
    file = prices_file(tmp_path, "models: {'Anthropic:claude-haiku-4-5': {input: 3, output: 7}}")
    assert Prices(HAIKU, file=file).cost(1_000_000, 1_000_000) == Cost(3.0, 7.0)
    assert Prices(HAIKU, file=file, override="1/2").cost(1_000_000, 1_000_000) == Cost(1.0, 2.0)
    assert Prices("openai:gpt-5-mini", file=file).version.startswith("genai-prices")


def test_the_file_has_a_price_for_cached_tokens_and_else_takes_that_of_input(
    tmp_path: Path,
) -> None:
    file = prices_file(
        tmp_path,
        "models:\n  a:x: {input: 10, output: 1, cached: 1, cache_write: 12}\n"
        "  a:y: {input: 10, output: 1}\n",
    )
    tokens = Tokens(1_000_000, cached=400_000, kept=100_000)
    priced = Prices("a:x", file=file).of(tokens)
    assert priced is not None
    assert priced.prompt == pytest.approx(5 + 0.4 + 1.2)
    assert Prices("a:y", file=file).of(tokens) == Cost(pytest.approx(10.0), 0.0)  # type: ignore[arg-type]


def test_a_machine_of_ones_own_is_charged_for_the_time_of_the_call(tmp_path: Path) -> None:
    file = prices_file(tmp_path, "models: {'openai:own': {per_hour: 1.8}}")
    prices = Prices("openai:own", base_url="http://127.0.0.1:1/v1", file=file, longest_s=60)
    cost = prices.of(Tokens(5000, 500), seconds=10)
    assert cost is not None
    assert cost.total == pytest.approx(0.005)
    most = prices.at_most(5000, 500)
    assert most is not None
    assert most.total == pytest.approx(0.03)  # a whole minute, the longest that a call may take


def test_the_version_of_a_file_changes_with_its_content(tmp_path: Path) -> None:
    one = prices_file(tmp_path, "models: {'a:x': {input: 1, output: 1}}")
    two = prices_file(tmp_path, "models: {'a:x': {input: 1, output: 2}}")
    assert one.version != two.version
    assert Prices("a:x", file=one).version == one.version
    assert one.version.startswith("prices.yaml ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: [", "not YAML"),
        ("- a", "the file"),
        ("prices: {}", "prices"),
        ("models: {'a:x': {input: 1}}", "models → a:x: give input and output, or per_hour"),
        ("models: {'a:x': {input: 1, output: 1, per_hour: 1}}", "not both"),
        ("models: {'a:x': {input: -1, output: 1}}", "models → a:x → input"),
        ("models: {'a:x': {input: .inf, output: 1}}", "models → a:x → input"),
        ("embeddings: {bundled: {}}", "per_million_tokens or per_hour"),
    ],
)
def test_a_line_that_is_no_price_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        prices_file(tmp_path, text)


def test_a_price_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_PRICES_FILE"):
        load_prices(tmp_path / "none.yaml")


def test_the_file_that_is_shipped_is_one_and_changes_no_price() -> None:
    shipped = load_prices(ROOT / "prd" / "prices.yaml")
    assert (shipped.models, shipped.embeddings) == ({}, {})


def test_two_calls_are_summed_with_their_cached_tokens_and_where_their_prices_come_from() -> None:
    one = Usage(10, 2, 0.5, 4, "genai-prices 0.2.3")
    assert total(one, Usage(5, 1, 0.25, 2, "genai-prices 0.2.3")) == Usage(
        15, 3, 0.75, 6, "genai-prices 0.2.3"
    )
    assert total(Usage(), one) == one
    mixed = total(one, Usage(5, 1, 0.25, 2, "prices.yaml ab12cd34"))
    assert mixed.price_version == "genai-prices 0.2.3 + prices.yaml ab12cd34"
    unknown = total(one, Usage(5, 1, None))
    assert (unknown.cost_usd, unknown.input_tokens) == (None, 15)


def test_where_prices_come_from_fits_its_column() -> None:
    assert joined_versions("a", "", "a") == "a"
    assert len(joined_versions("x" * 40, "y" * 40)) == 60


class Paid:
    """What is written down, in memory."""

    def __init__(self) -> None:
        self.rows: list[tuple[date, str, int, int, float]] = []

    def embedded(self, day: date, model: str, calls: int, tokens: int, usd: float) -> None:
        self.rows.append((day, model, calls, tokens, usd))


def test_embeddings_are_paid_by_the_token_where_a_price_is_set() -> None:
    paid = Paid()
    embedder = PricedEmbedder(WordEmbedder(), EmbeddingPrice(per_million_tokens=2.0), paid)
    with moment.at(datetime(2026, 11, 22, tzinfo=UTC)):
        embedder.encode_query("four words are here")
        embedder.encode_passages(["one two", "three"], [[(0, 7)], [(0, 5)]])
    assert paid.rows == []  # gathered, so that no question waits for the database
    embedder.write_down()
    embedder.write_down()
    ((day, model, calls, tokens, usd),) = paid.rows
    assert (day, model, calls, tokens) == (date(2026, 11, 22), "words", 2, 7)
    assert usd == pytest.approx(14e-6)


def test_embeddings_are_paid_by_the_time_that_they_take() -> None:
    paid = Paid()
    embedder = PricedEmbedder(WordEmbedder(), EmbeddingPrice(per_hour=3600.0), paid)
    began = time.perf_counter()
    embedder.encode_query("a question")
    took = time.perf_counter() - began
    embedder.write_down()
    assert 0 < paid.rows[0][4] <= took  # a USD a second
