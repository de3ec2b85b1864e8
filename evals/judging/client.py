"""Asks the judge model: time limit, more tries, cache, what it took. Imports Ragas and openai."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import openai
from instructor.core import IncompleteOutputException
from openai import AsyncOpenAI
from pydantic import BaseModel
from ragas.llms import llm_factory

from evals.judging.cache import Verdict, VerdictCache
from evals.judging.errors import OF_THE_SERVER, JudgeAway, Reason, VerdictFailed, VerdictMissing
from evals.judging.options import JudgeOptions
from evals.judging.ragas_library import ragas_version
from evals.judging.request import Request, check_yes_or_no

log = logging.getLogger(__name__)

MAX_TOKENS = 4096
"""Longest answer, a model's unseen reasoning included; Ragas' own 1,024 cuts long lists short."""
_MORE_TRIES = 1
"""How often the judge is told what is wrong with its JSON before the verdict counts as failed."""
_GONE_AFTER = 5
"""Verdicts in a row that fail because of the server: then it is not asked any more."""
_LONGEST_BACKOFF_S = 30.0
_LONGEST_CHECK_S = 15.0
_HEADERS = {"Connection": "close"}
"""A connection kept open fails in the next event loop, and Ragas starts one for each stage."""
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(slots=True)
class Spent:
    """``calls``: answers that came, in whatever form; ``cached``: verdicts from the cache.

    Tokens of ``calls`` alone. ``used_*``: those of every verdict that counted, when it was given.
    """

    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    used_input: int = 0
    used_output: int = 0


_TAKEN: ContextVar[list[tuple[int, int]]] = ContextVar("_TAKEN")
"""Tokens of the answers to the request that the current task makes."""


class JudgeClient:
    """A judge model behind an OpenAI-compatible server. ``gone``: why it is asked no more."""

    def __init__(self, options: JudgeOptions, cache: VerdictCache) -> None:
        """Connects to nothing."""
        self._options = options
        self._cache = cache
        self._client = AsyncOpenAI(
            api_key=options.api_key.get_secret_value(),
            base_url=options.base_url or None,
            timeout=options.timeout_s,
            max_retries=0,
            default_headers=_HEADERS,
        )
        llm: Any = llm_factory(
            options.model, client=self._client, max_tokens=MAX_TOKENS, max_retries=_MORE_TRIES
        )
        llm.client.on("completion:response", self._count)
        self._llm = llm
        self.identity: dict[str, object] = {
            "model": options.model,
            "base_url": str(self._client.base_url),
            "options": dict(llm.model_args),
            "ragas": ragas_version(),
        }
        self.spent = Spent()
        self.gone = ""
        self._failed_in_a_row = 0

    async def check(self) -> None:
        """Ask the server what it serves: costs nothing, and says whether it is there.

        Raises:
            JudgeAway: it is not, or does not take the key.
        """
        limit = min(_LONGEST_CHECK_S, self._options.timeout_s)
        try:
            async with asyncio.timeout(limit):
                await self._client.models.list()
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise JudgeAway(
                f"{self._options.name} did not accept the key.", "Check FOOTNOTE_JUDGE_API_KEY."
            ) from error
        except (openai.APIConnectionError, TimeoutError) as error:
            raise JudgeAway(
                f"The judge {self._options.name} can't be reached.",
                "Check the network and FOOTNOTE_JUDGE_BASE_URL, or leave out --judge.",
            ) from error
        except Exception:  # a server without that address, or with a list of its own
            log.debug("The judge's list of models can't be used:", exc_info=True)

    async def ask(self, request: Request) -> BaseModel:
        """The verdict, from the cache or from the judge.

        Raises:
            VerdictFailed: there is none, and why; the next one may be had.
            VerdictMissing: the judge is gone.
        """
        key = request.key(self.identity)
        known = self._cache.get(key)
        if known is not None:
            self.spent.cached += 1
            self._used(known)
            return request.shape.model_validate_json(known.text)
        if self.gone:
            raise VerdictMissing
        taken: list[tuple[int, int]] = []
        _TAKEN.set(taken)
        try:
            output = await self._patiently(request)
        except VerdictFailed as failed:
            self._note_failure(failed.reason)
            raise
        self._failed_in_a_row = 0
        verdict = Verdict(
            output.model_dump_json(),
            sum(read for read, _ in taken),
            sum(wrote for _, wrote in taken),
        )
        self._cache.put(key, verdict)
        self._used(verdict)
        return output

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _patiently(self, request: Request) -> BaseModel:
        """The answer; when the server has no capacity, again after a wait."""
        wait = self._options.backoff_s
        for left in range(self._options.attempts - 1, -1, -1):
            try:
                async with asyncio.timeout(self._options.timeout_s):
                    output: BaseModel = await self._llm.agenerate(request.prompt, request.shape)
                check_yes_or_no(output)
                return output
            except TimeoutError as error:
                raise VerdictFailed("slow") from error
            except VerdictFailed:
                raise
            except Exception as raised:  # instructor's, openai's and pydantic's own
                log.debug("The judge's request raised:", exc_info=True)
                cause = _cause(raised)
                if self._is_final(cause):
                    raise VerdictFailed("rejected") from raised
                if not left or not _is_transient(cause):
                    raise VerdictFailed(_reason(cause)) from raised
                told = _retry_after(cause)
            await asyncio.sleep(min(wait if told is None else told, _LONGEST_BACKOFF_S))
            wait *= 2
        raise VerdictFailed("error")  # attempts is below 1

    def _is_final(self, error: BaseException) -> bool:
        """Whether no request will succeed; then the judge counts as gone."""
        status = getattr(error, "status_code", None)
        said = f"{getattr(error, 'code', '')} {getattr(error, 'body', '')}"
        if status in (401, 403):
            self.gone = "it did not accept the key"
        elif status == 404:
            self.gone = "its server has no such model"
        elif status == 429 and "insufficient_quota" in said:
            self.gone = "its account has no credit left"
        else:
            return False
        return True

    def _note_failure(self, reason: Reason) -> None:
        self._failed_in_a_row = self._failed_in_a_row + 1 if reason in OF_THE_SERVER else 0
        if self._failed_in_a_row >= _GONE_AFTER and not self.gone:
            self.gone = f"{_GONE_AFTER} verdicts in a row could not be had from its server"

    def _count(self, response: Any) -> None:
        usage = getattr(response, "usage", None)
        read = int(getattr(usage, "prompt_tokens", 0) or 0)
        wrote = int(getattr(usage, "completion_tokens", 0) or 0)
        self.spent.calls += 1
        self.spent.input_tokens += read
        self.spent.output_tokens += wrote
        with contextlib.suppress(LookupError):
            _TAKEN.get().append((read, wrote))

    def _used(self, verdict: Verdict) -> None:
        self.spent.used_input += verdict.input_tokens
        self.spent.used_output += verdict.output_tokens


def _cause(error: BaseException) -> BaseException:
    """What instructor wrapped: the client's own error, else the error itself."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, openai.OpenAIError | IncompleteOutputException):
            return inner
        inner = inner.__cause__
    return error


def _reason(error: BaseException) -> Reason:
    if isinstance(error, IncompleteOutputException):
        return "cut"
    if isinstance(error, openai.APITimeoutError):
        return "slow"
    if isinstance(error, openai.APIConnectionError):
        return "unreachable"
    if isinstance(error, openai.APIStatusError):
        return "overloaded" if error.status_code in _TRANSIENT else "rejected"
    return "malformed"


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, openai.APITimeoutError):
        return False
    if isinstance(error, openai.APIConnectionError):
        return True
    return isinstance(error, openai.APIStatusError) and error.status_code in _TRANSIENT


def _retry_after(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        wait = float(headers["retry-after"])
    except (KeyError, TypeError, ValueError):
        return None
    return wait if wait >= 0 else None
