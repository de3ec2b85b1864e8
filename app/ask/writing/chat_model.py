"""Any LangChain chat model as a stream of text: time limits, one more try, and a span per call.

LangChain and the provider's package are imported when a model is first needed: 2 to 4 seconds.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from anyio import fail_after, sleep
from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan
from pydantic import SecretStr

from app.ask.writing.model_call import ModelCall
from app.ask.writing.model_errors import diagnose, refuses_usage
from app.ask.writing.prices import Prices
from app.ask.writing.prompts import Message
from app.domain import Usage
from app.errors import SettingsError, WritingFailed
from app.redaction import without_secrets

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)

_HEADERS = {"Connection": "close"}
"""Clients pool connections per process, and one kept open fails in the next event loop (evals,
scripts) only after the request was sent, and charged. Questions come too rarely to gain by it."""
_RETRY_AFTER_S = 0.5
"""Where a provider does not say how long to wait: long enough for a hiccup, hardly noticed."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of text; the last one has no text but the call's usage and how it ended.

    ``finish``: "stop", or "length" when the answer was cut at its token limit.
    """

    text: str = ""
    usage: Usage | None = None
    finish: str = ""


class ChatModel(Protocol):
    """Writes text for messages."""

    name: str
    """``provider:model``, as shown to people."""

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: TraceSpan | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """The answer piece by piece; closing the generator ends the call.

        ``parent``: the span that the call belongs to.

        Raises:
            WritingFailed: nothing usable came, for whatever reason.
        """


async def complete(
    model: ChatModel,
    messages: Sequence[Message],
    *,
    max_tokens: int,
    parent: TraceSpan | None = None,
) -> tuple[str, Usage]:
    """The whole text at once. Raises as `ChatModel.stream` does."""
    text, usage = "", Usage()
    async with aclosing(model.stream(messages, max_tokens=max_tokens, parent=parent)) as chunks:
        async for chunk in chunks:
            text += chunk.text
            usage = chunk.usage or usage
    return text, usage


class LangChainChatModel:
    """A model by LangChain's ``provider:model`` name."""

    def __init__(
        self,
        name: str,
        *,
        base_url: str = "",
        api_key: SecretStr | None = None,
        first_token_timeout_s: float = 20,
        timeout_s: float = 60,
        prices: Prices | None = None,
    ) -> None:
        """Imports nothing and connects to nothing.

        Raises:
            SettingsError: ``name`` is not ``provider:model``.
        """
        provider, _, model = name.strip().partition(":")
        if not provider.strip() or not model.strip():
            raise SettingsError(
                f"FOOTNOTE_CHAT_MODEL is {name!r}.",
                "Name provider and model, e.g. openai:gpt-5-mini or ollama:llama3.2.",
            )
        self._provider, self._model = provider.strip().lower(), model.strip()
        self.name = f"{self._provider}:{self._model}"
        self._base_url = base_url.strip()
        self._api_key = api_key
        self._first_token_timeout_s = min(first_token_timeout_s, timeout_s)
        self._timeout_s = timeout_s
        self._prices = prices or Prices(self.name, base_url=self._base_url)
        self._counts_tokens = True
        self._built: dict[int, BaseChatModel] = {}
        self._lock = Lock()

    def load(self, max_tokens: int) -> BaseChatModel:
        """The LangChain model for answers of this length. Blocks for seconds at the first call.

        Raises:
            SettingsError: the provider's package or key is missing, or there is no such provider.
        """
        with self._lock:
            if max_tokens not in self._built:
                self._built[max_tokens] = self._build(max_tokens)
                self._prices.cost(0, 0)  # imports the table here and not within a stream
            return self._built[max_tokens]

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: TraceSpan | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """See `ChatModel.stream`."""
        call = ModelCall(
            self._provider,
            self._model,
            messages,
            max_tokens=max_tokens,
            first_token_timeout_s=self._first_token_timeout_s,
            timeout_s=self._timeout_s,
            prices=self._prices,
            parent=parent,
        )
        try:
            try:
                model = await run_sync(self.load, max_tokens)
            except SettingsError as error:
                raise WritingFailed(error.detail, error.action, problem="not_set_up") from error
            async with aclosing(self._pieces(call, model)) as pieces:
                async for piece in pieces:
                    yield Chunk(piece)
            yield Chunk(usage=call.usage(), finish=call.checked_finish())
        except WritingFailed as failed:
            failed.usage = call.usage()
            call.failed(failed)
            log.warning("%s (%s)", failed.detail, failed.problem)
            raise
        finally:
            call.end()

    def _told(self, error: Exception) -> str:
        key = self._api_key.get_secret_value() if self._api_key else ""
        return without_secrets("".join(traceback.format_exception(error)), key)

    async def _pieces(self, call: ModelCall, model: BaseChatModel) -> AsyncGenerator[str, None]:
        """Text as it comes; what fails before the first of it is tried once more."""
        call.start()
        for last_try in (False, True):
            try:
                async with aclosing(self._attempt(call, model)) as pieces:
                    async for piece in pieces:
                        yield piece
            except TimeoutError as error:
                raise call.too_slow() from error
            except Exception as error:  # every provider raises its own
                log.info("%s raised %s", self.name, type(error).__name__)
                if log.isEnabledFor(logging.DEBUG):  # it may repeat the request, key included
                    log.debug("What %s raised:\n%s", self.name, self._told(error))
                diagnosis = diagnose(error, self.name, begun=call.begun)
                again = diagnosis.transient
                if refuses_usage(error) and self._counts_tokens:
                    self._counts_tokens, again = False, True
                wait = _RETRY_AFTER_S if diagnosis.wait_s is None else diagnosis.wait_s
                if last_try or call.begun or not again or wait >= call.time_left():
                    raise diagnosis.failure from error
                await sleep(wait)
            else:
                return

    async def _attempt(self, call: ModelCall, model: BaseChatModel) -> AsyncGenerator[str, None]:
        options: dict[str, Any] = {}
        if self._provider == "openai":
            options["stream_usage"] = self._counts_tokens
        asked = [(message.role, message.text) for message in call.messages]
        async with aclosing(model.astream(asked, **options)) as chunks:  # type: ignore[type-var]
            while True:
                with fail_after(max(0.0, call.time_left())):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                piece = call.take(chunk)
                if piece:
                    yield piece
                if call.too_long():
                    return

    def _build(self, max_tokens: int) -> BaseChatModel:
        from langchain.chat_models import init_chat_model  # noqa: PLC0415  # 2 s

        try:
            model: BaseChatModel = init_chat_model(
                self._model, model_provider=self._provider, **self._options(max_tokens)
            )
            return model
        except ImportError as error:
            package = f"langchain-{self._provider.replace('_', '-')}"
            said = str(error).partition("pip install ")[2].strip(" `.") or package
            raise SettingsError(
                f"{self.name} needs the Python package {said}, which isn't installed.",
                f"Install it: .venv/bin/python -m pip install {said}",
            ) from error
        except Exception as error:  # missing keys and unknown providers, as each package says it
            text = str(error)
            log.info("%s can't be set up: %s", self.name, type(error).__name__)
            if "unsupported" in text.lower() and "provider" in text.lower():
                raise SettingsError(
                    f"LangChain knows no provider called {self._provider!r}.",
                    "Correct FOOTNOTE_CHAT_MODEL, e.g. openai:gpt-5-mini.",
                ) from error
            if "key" in text.lower() or "credential" in text.lower():
                raise SettingsError(
                    f"There is no key for {self.name}.",
                    f"Set FOOTNOTE_CHAT_API_KEY, or {self._provider.upper()}_API_KEY.",
                ) from error
            raise SettingsError(
                f"{self.name} can't be set up ({type(error).__name__}).",
                "Check the FOOTNOTE_CHAT_* settings.",
            ) from error

    def _options(self, max_tokens: int) -> dict[str, Any]:
        """LangChain's standard parameters, in the provider's words where those differ."""
        options: dict[str, Any] = {}
        if self._base_url:
            options["base_url"] = self._base_url
        if self._provider == "ollama":
            key = self._api_key.get_secret_value() if self._api_key else ""
            headers = _HEADERS | ({"Authorization": f"Bearer {key}"} if key else {})
            client = {"timeout": self._timeout_s, "headers": headers}
            return options | {"num_predict": max_tokens, "client_kwargs": client}
        if self._api_key and self._api_key.get_secret_value():
            options["api_key"] = self._api_key
        elif self._base_url:
            # A local server wants none, and the one in OPENAI_API_KEY is not for strangers.
            options["api_key"] = SecretStr("none")
        if self._provider in ("openai", "anthropic"):
            options["default_headers"] = _HEADERS
        if self._provider == "openai":
            options["stream_chunk_timeout"] = None  # the limits here are the only ones
        return options | {"max_tokens": max_tokens, "timeout": self._timeout_s, "max_retries": 0}
