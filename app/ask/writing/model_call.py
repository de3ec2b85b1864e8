"""One call of a chat model: what has come, how long it may still take, how it ended, its span."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span as TraceSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from app.ask.writing.prices import Cost, Prices, Tokens, estimated_tokens
from app.ask.writing.prompts import Message
from app.domain import Usage
from app.errors import WritingFailed
from app.telemetry import Attribute, SpanName, captures_content, get_tracer

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

tracer = get_tracer(__name__)

_CHARS_PER_TOKEN = 8
"""A stream with more characters per allowed token than any tokenizer packs keeps to no limit."""
_CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_FILTERED = frozenset(
    {"content_filter", "refusal", "safety", "prohibited_content", "blocklist", "spii", "recitation"}
)
_KNOWN_AS = {
    "azure_openai": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "mistralai": "mistral_ai",
    "xai": "x_ai",
}
"""LangChain's provider names → OpenTelemetry's well-known values, where they differ."""


class ModelCall:
    """Fed with the chunks of one stream by `app.ask.writing.chat_model`."""

    def __init__(
        self,
        provider: str,
        model: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        first_token_timeout_s: float,
        timeout_s: float,
        prices: Prices,
        parent: TraceSpan | None,
    ) -> None:
        self.messages = messages
        self._name = f"{provider}:{model}"
        self._max_tokens = max_tokens
        self._first_token_timeout_s = first_token_timeout_s
        self._timeout_s = timeout_s
        self._prices = prices
        self._started = time.monotonic()
        self._pieces: list[str] = []
        self._length = 0
        self._finish = ""
        self._charged = False
        self._tokens = dict.fromkeys(("input", "output", "cached", "kept", "kept_long"), 0)
        self._seconds: float | None = None
        self.begun = False
        """Whether anything readable has come."""
        self._span = tracer.start_span(
            SpanName.CHAT.format(model=model),
            context=set_span_in_context(parent) if parent is not None else None,
            kind=SpanKind.CLIENT,
            attributes={
                Attribute.OPERATION: "chat",
                Attribute.SPAN_KIND: "LLM",
                Attribute.PROVIDER: _KNOWN_AS.get(provider, provider),
                Attribute.REQUEST_MODEL: model,
                Attribute.REQUEST_MAX_TOKENS: max_tokens,
            },
        )
        if captures_content():
            shown = [_as_told(message.role, message.text) for message in messages]
            self._span.set_attribute(Attribute.INPUT_MESSAGES, json.dumps(shown))

    def start(self) -> None:
        """The time limits begin to count: the model is there and will be asked now."""
        self._started = time.monotonic()

    def time_left(self) -> float:
        """Seconds until the limit that counts now; negative when it has passed."""
        limit = self._timeout_s if self.begun else self._first_token_timeout_s
        return self._started + limit - time.monotonic()

    def take(self, chunk: BaseMessage) -> str:
        """The chunk's text; the rest of it is remembered."""
        piece = str(chunk.text)
        if piece.strip() and not self.begun:
            self.begun = True
            waited = time.monotonic() - self._started
            self._span.set_attribute(Attribute.TIME_TO_FIRST_CHUNK, waited)
        self._charged = True
        self._pieces.append(piece)
        self._length += len(piece)
        metadata = chunk.response_metadata
        for key in ("finish_reason", "stop_reason", "done_reason", "finishReason", "stopReason"):
            self._finish = str(metadata.get(key) or self._finish)
        if model := metadata.get("model_name") or metadata.get("model"):
            self._span.set_attribute(Attribute.RESPONSE_MODEL, str(model))
        self._count(getattr(chunk, "usage_metadata", None))
        return piece

    def too_long(self) -> bool:
        """Whether the model wrote more than it was allowed; then nobody has to read on."""
        if self._length <= self._max_tokens * _CHARS_PER_TOKEN:
            return False
        self._finish = "length"
        return True

    def too_slow(self) -> WritingFailed:
        """The failure for a limit that has passed; the provider charges for it all the same."""
        self._charged = True
        if self.begun:
            detail = f"{self._name} did not finish its answer within {self._timeout_s:g} s."
        else:
            detail = f"{self._name} did not answer within {self._first_token_timeout_s:g} s."
        return WritingFailed(detail, problem="timed_out")

    def checked_finish(self) -> str:
        """How the stream ended: "stop" or "length".

        Raises:
            WritingFailed: it was filtered, is empty, or breaks off within a sentence.
        """
        finish = self._finish.lower()
        text = "".join(self._pieces).strip()
        if finish in _FILTERED:
            raise WritingFailed(
                f"{self._name} refused to answer.", "Word it differently.", problem="refused"
            )
        if not text and finish in _CUT:
            raise WritingFailed(
                f"{self._name} used up its {self._max_tokens:,} tokens before it wrote anything.",
                "Raise FOOTNOTE_CHAT_MAX_OUTPUT_TOKENS.",
                problem="empty",
            )
        if not text:
            raise WritingFailed(f"{self._name} gave an empty answer.", problem="empty")
        # Some servers never say how they ended; a whole sentence is then taken for the end.
        if not finish and text[-1] not in ".!?。！？])】|*\"'”’»":
            raise WritingFailed(
                f"{self._name} broke off in the middle.", "Ask again.", problem="broken_off"
            )
        return "length" if finish in _CUT else "stop"

    def usage(self) -> Usage:
        """Tokens and price of the call, which has ended; estimated where nobody counted."""
        if not self._charged:
            return Usage()
        tokens, cost = self._priced()
        return Usage(
            tokens.input,
            tokens.output,
            None if cost is None else cost.total,
            tokens.cached,
            "" if cost is None else self._prices.version,
        )

    def failed(self, failure: WritingFailed) -> None:
        """Say on the span why nothing came of it."""
        self._span.set_attribute(Attribute.ERROR_TYPE, failure.problem)
        self._span.set_status(Status(StatusCode.ERROR, failure.problem))

    def end(self) -> None:
        """Complete the span; also after a stream that was stopped."""
        if self._charged:
            tokens, cost = self._priced()
            self._span.set_attributes(
                {
                    Attribute.INPUT_TOKENS: tokens.input,
                    Attribute.OUTPUT_TOKENS: tokens.output,
                    Attribute.CACHED_TOKENS: tokens.cached,
                    Attribute.USAGE_ESTIMATED: not self._reported,
                }
            )
            if cost is not None:
                self._span.set_attributes(
                    {
                        Attribute.COST_PROMPT: cost.prompt,
                        Attribute.COST_COMPLETION: cost.completion,
                        Attribute.COST_TOTAL: cost.total,
                    }
                )
        if self._finish:
            self._span.set_attribute(Attribute.FINISH_REASONS, [self._finish])
        if captures_content():
            told = [_as_told("assistant", "".join(self._pieces))]
            self._span.set_attribute(Attribute.OUTPUT_MESSAGES, json.dumps(told))
        self._span.end()

    @property
    def _reported(self) -> bool:
        return self._tokens["input"] > 0

    def _priced(self) -> tuple[Tokens, Cost | None]:
        """What was used and what it cost; the call's time ends when this is first asked."""
        if self._seconds is None:
            self._seconds = time.monotonic() - self._started
        tokens = self._counted()
        return tokens, self._prices.of(tokens, self._seconds)

    def _counted(self) -> Tokens:
        if self._reported:
            return Tokens(**self._tokens).consistent()
        asked = sum(estimated_tokens(message.text) for message in self.messages)
        return Tokens(asked, estimated_tokens("".join(self._pieces)))

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """The highest of each: some servers count once at the end, some as they go."""
        if not usage:
            return
        # Under a service tier OpenAI's names have it in front, e.g. `flex_cache_read`.
        details = {
            name.removeprefix("flex_").removeprefix("priority_"): value or 0
            for name, value in (usage.get("input_token_details") or {}).items()
        }
        # Anthropic's, by how long they are kept; `cache_creation` is 0 where these are given.
        kept_long = details.get("ephemeral_1h_input_tokens", 0)
        kept = details.get("ephemeral_5m_input_tokens", 0) + kept_long
        for name, value in (
            ("input", usage.get("input_tokens")),
            ("output", usage.get("output_tokens")),
            ("cached", details.get("cache_read")),
            ("kept", kept or details.get("cache_creation")),
            ("kept_long", kept_long),
        ):
            self._tokens[name] = max(self._tokens[name], int(value or 0))


def _as_told(role: str, text: str) -> dict[str, Any]:
    """A message as OpenTelemetry's conventions write it."""
    return {"role": role, "parts": [{"type": "text", "content": text}]}
