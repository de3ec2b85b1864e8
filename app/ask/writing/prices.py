"""What tokens cost: as ``FOOTNOTE_CHAT_PRICE`` says, or a price file, or genai-prices' table.

The table is offline and comes with its package. An unknown price is None everywhere, never 0.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from app.ask.writing.price_file import ModelPrice, PriceFile, model_key
from app.errors import SettingsError

_MILLION = 1_000_000
_HOUR_S = 3600
_BYTES_PER_TOKEN = 4
"""OpenAI's rule of thumb for English; by bytes it also fits scripts with several per letter."""
_LONGEST_VERSION = 60
"""Characters that are kept of where a price comes from."""
_PRICED_AS = {
    "azure_openai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "google_genai": "google",
    "google_vertexai": "google",
    "mistralai": "mistral",
    "xai": "x-ai",
}
"""LangChain's provider names where genai-prices has another."""


@dataclass(frozen=True, slots=True)
class Cost:
    """USD of one call, as telemetry and records want it. A price per hour is all completion."""

    prompt: float
    completion: float

    @property
    def total(self) -> float:
        """Prompt and completion."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one call read and wrote.

    ``input`` includes ``cached`` (read before, and kept by the provider) and ``kept`` (read now and
    kept for the next call; ``kept_long``: those of them that are kept for an hour, which Anthropic
    charges more for). ``output`` includes what a model reasoned unseen.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    kept: int = 0
    kept_long: int = 0

    def consistent(self) -> Tokens:
        """With parts no larger than the whole, whatever a server counted."""
        read = max(0, self.input)
        cached = min(max(0, self.cached), read)
        kept = min(max(0, self.kept), read - cached)
        return Tokens(read, max(0, self.output), cached, kept, min(max(0, self.kept_long), kept))


class Prices:
    """What calls of one model cost.

    ``base_url``: a server of one's own; the table is then asked who serves there, and a local one
    has no price. ``override``: "input/output" in USD per million tokens, which wins over ``file``,
    which wins over the table. ``longest_s``: the most that a call may take, which bounds what a
    model priced by the hour can cost.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str = "",
        override: str = "",
        file: PriceFile | None = None,
        longest_s: float = 60,
    ) -> None:
        """``name`` is ``provider:model``.

        Raises:
            SettingsError: ``override`` is not two numbers.
        """
        self._provider, _, self._model = model_key(name).partition(":")
        self._base_url = base_url or _base_url_outside(self._provider)
        self._longest_s = longest_s
        self._set: ModelPrice | None = None
        self._version: Callable[[], str] = _table_version
        if override.strip():
            said = "/".join(part.strip() for part in override.split("/"))
            self._set = _parsed(override)
            self._version = lambda: f"FOOTNOTE_CHAT_PRICE {said}"[:_LONGEST_VERSION]
        elif file is not None and model_key(name) in file.models:
            self._set = file.models[model_key(name)]
            self._version = lambda: file.version

    @property
    def version(self) -> str:
        """Where the price comes from, e.g. "genai-prices 0.2.3"."""
        return self._version()

    def cost(
        self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, *, seconds: float = 0
    ) -> Cost | None:
        """As `of`, for a call that left nothing in the provider's cache."""
        return self.of(Tokens(input_tokens, output_tokens, cached_tokens), seconds)

    def of(self, tokens: Tokens, seconds: float = 0) -> Cost | None:
        """USD of a call that took ``seconds``; None when the price is unknown.

        The first call imports the table (about 0.4 s).
        """
        tokens = tokens.consistent()
        if self._set is not None:
            return _set_cost(self._set, tokens, seconds)
        return self._table_cost(tokens)

    def at_most(self, input_tokens: int, output_tokens: int) -> Cost | None:
        """USD that a call can cost at most; None when the price is unknown."""
        return self.cost(input_tokens, output_tokens, seconds=self._longest_s)

    def _table_cost(self, tokens: Tokens) -> Cost | None:
        from genai_prices import Usage, calc_price  # noqa: PLC0415  # 0.4 s, only when written

        used = Usage(
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cached or None,
            cache_write_tokens=tokens.kept or None,
            cache_write_1h_tokens=tokens.kept_long or None,
        )
        try:
            if self._base_url:
                price = calc_price(used, self._model, provider_api_url=self._base_url)
            else:
                provider = _PRICED_AS.get(self._provider, self._provider)
                price = calc_price(used, self._model, provider_id=provider)
        except LookupError:
            return None
        if price.model_price.input_mtok is None or price.model_price.output_mtok is None:
            return None  # it stands in the table, but what its tokens cost does not
        return Cost(float(price.input_price), float(price.output_price))


def joined_versions(*versions: str) -> str:
    """Where the prices of a sum come from: each once, in the order given."""
    parts = [part for version in versions for part in version.split(" + ") if part]
    whole = " + ".join(dict.fromkeys(parts))
    return whole if len(whole) <= _LONGEST_VERSION else whole[: _LONGEST_VERSION - 1] + "…"


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, for any model."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def _set_cost(price: ModelPrice, tokens: Tokens, seconds: float) -> Cost:
    if price.per_hour is not None:
        return Cost(0.0, seconds * price.per_hour / _HOUR_S)
    per_input, per_output = price.input or 0.0, price.output or 0.0
    per_cached = per_input if price.cached is None else price.cached
    per_kept = per_input if price.cache_write is None else price.cache_write
    plain = tokens.input - tokens.cached - tokens.kept
    read = plain * per_input + tokens.cached * per_cached + tokens.kept * per_kept
    return Cost(read / _MILLION, tokens.output * per_output / _MILLION)


@cache
def _table_version() -> str:
    return f"genai-prices {importlib.metadata.version('genai-prices')}"


def _base_url_outside(provider: str) -> str:
    """An address that the provider's own variables set, such as OPENAI_BASE_URL."""
    names = [f"{provider.upper()}_{kind}" for kind in ("BASE_URL", "API_BASE", "API_URL")]
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _parsed(override: str) -> ModelPrice:
    try:
        per_input, per_output = (float(part) for part in override.split("/"))
        return ModelPrice(input=per_input, output=per_output)
    except ValueError:
        raise SettingsError(
            f"FOOTNOTE_CHAT_PRICE is {override!r}.",
            "Give USD per million tokens as input/output, e.g. 0.25/2.",
        ) from None
