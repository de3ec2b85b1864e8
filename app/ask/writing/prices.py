"""What tokens cost: from genai-prices' offline table, or as ``FOOTNOTE_CHAT_PRICE`` says.

An unknown price is None everywhere, never 0.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from app.errors import SettingsError

_MILLION = 1_000_000
_BYTES_PER_TOKEN = 4
"""OpenAI's rule of thumb for English; by bytes it also fits scripts with several per letter."""
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
    """USD of one call, as telemetry and records want it."""

    prompt: float
    completion: float

    @property
    def total(self) -> float:
        """Prompt and completion."""
        return self.prompt + self.completion


class Prices:
    """What tokens of one model cost.

    ``base_url``: a server of one's own; the table is then asked who serves there, and a local one
    has no price. ``override``: "input/output" in USD per million tokens, which wins.
    """

    def __init__(self, name: str, *, base_url: str = "", override: str = "") -> None:
        """``name`` is ``provider:model``.

        Raises:
            SettingsError: ``override`` is not two numbers.
        """
        self._provider, _, self._model = name.partition(":")
        self._base_url = base_url or _base_url_outside(self._provider)
        self._override = _parsed(override) if override.strip() else None

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> Cost | None:
        """USD of a call; None when the price is unknown. Input tokens include cached ones.

        The first call imports the table (about 0.4 s).
        """
        if self._override is not None:
            per_input, per_output = self._override
            return Cost(input_tokens * per_input / _MILLION, output_tokens * per_output / _MILLION)
        from genai_prices import Usage as Tokens  # noqa: PLC0415  # 0.4 s, only for written answers
        from genai_prices import calc_price  # noqa: PLC0415

        tokens = Tokens(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=min(cached_tokens, input_tokens) or None,
        )
        try:
            if self._base_url:
                price = calc_price(tokens, self._model, provider_api_url=self._base_url)
            else:
                provider = _PRICED_AS.get(self._provider, self._provider)
                price = calc_price(tokens, self._model, provider_id=provider)
        except LookupError:
            return None
        return Cost(float(price.input_price), float(price.output_price))


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, for any model."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def _base_url_outside(provider: str) -> str:
    """An address that the provider's own variables set, such as OPENAI_BASE_URL."""
    names = [f"{provider.upper()}_{kind}" for kind in ("BASE_URL", "API_BASE", "API_URL")]
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _parsed(override: str) -> tuple[float, float]:
    try:
        per_input, per_output = (float(part) for part in override.split("/"))
    except ValueError:
        raise SettingsError(
            f"FOOTNOTE_CHAT_PRICE is {override!r}.",
            "Give USD per million tokens as input/output, e.g. 0.25/2.",
        ) from None
    return per_input, per_output
