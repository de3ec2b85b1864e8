"""Who judges, and how: from the settings and the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from app.errors import SettingsError
from app.insights.evals.rubric import Rubric
from app.insights.evals.runs import kept_folder
from app.settings import Settings

METRICS = (
    "faithfulness",
    "answer_relevancy",
    "context_precision",
    "context_recall",
    "factual_correctness",
)
"""Ragas' metrics that need a judge, as `QUALITY_WORDS` calls them."""
_NO_KEY = "none"
"""For a server of one's own that wants no key; the client insists on some text."""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How answers are judged.

    ``model`` is the server's name for it; ``base_url`` empty: OpenAI's own. ``timeout_s``: for one
    request. ``parallel``: verdicts at once. ``limit``: so many cases, drawn with ``seed``; None for
    all. ``cache``: the file that verdicts are kept in; None: none. ``rubric``: None: no criteria.
    ``attempts``: requests at most for one verdict, when the server has no capacity; ``backoff_s``:
    the first wait between them, doubled each time.
    """

    model: str
    base_url: str = ""
    api_key: SecretStr = field(default_factory=lambda: SecretStr(_NO_KEY))
    timeout_s: float = 60.0
    parallel: int = 4
    limit: int | None = None
    seed: int = 0
    cache: Path | None = None
    rubric: Rubric | None = None
    metrics: tuple[str, ...] = METRICS
    attempts: int = 5
    backoff_s: float = 1.0

    @property
    def name(self) -> str:
        """``provider:model``, as shown to people."""
        return f"openai:{self.model}"


def judge_options(
    settings: Settings,
    *,
    model: str = "",
    limit: int | None = None,
    parallel: int = 4,
    cached: bool = True,
    rubric: Rubric | None = None,
) -> JudgeOptions:
    """What the settings say; ``model`` (``openai:NAME``) wins over FOOTNOTE_JUDGE_MODEL.

    Raises:
        SettingsError: there is no judge, no key for it, or it speaks another protocol.
    """
    name = (model or settings.judge_model).strip()
    if not name:
        raise SettingsError(
            "There is no judge.",
            "Set FOOTNOTE_JUDGE_MODEL, or give --judge-model, e.g. openai:gpt-5-mini.",
        )
    provider, _, served = name.partition(":")
    if provider.strip().lower() != "openai" or not served.strip():
        raise SettingsError(
            f"The judge is {name!r}, but judges speak OpenAI's protocol.",
            "Name it openai:MODEL; FOOTNOTE_JUDGE_BASE_URL says where it is served.",
        )
    return JudgeOptions(
        model=served.strip(),
        base_url=settings.judge_base_url.strip(),
        api_key=_key(settings.judge_api_key, settings.judge_base_url, "JUDGE"),
        timeout_s=settings.judge_timeout_s,
        parallel=parallel,
        limit=limit,
        cache=cache_file(settings) if cached else None,
        rubric=rubric,
    )


def writer_options(settings: Settings, *, model: str = "", parallel: int = 4) -> JudgeOptions:
    """Who writes synthetic cases: ``model``, else the judge, else the chat model of OpenAI's kind.

    Raises:
        SettingsError: there is none, no key for it, or it speaks another protocol.
    """
    provider, _, served = settings.chat_model.strip().partition(":")
    if model or settings.judge_model or provider.strip().lower() != "openai":
        return judge_options(settings, model=model, parallel=parallel, cached=False)
    return JudgeOptions(
        model=served.strip(),
        base_url=settings.chat_base_url.strip(),
        api_key=_key(settings.chat_api_key, settings.chat_base_url, "CHAT"),
        timeout_s=settings.chat_timeout_s,
        parallel=parallel,
    )


def cache_file(settings: Settings) -> Path:
    """Where verdicts are kept: beside the runs."""
    return kept_folder(settings) / "judge-cache.sqlite"


def _key(own: SecretStr, base_url: str, whose: str) -> SecretStr:
    """The key for a model. OPENAI_API_KEY is for OpenAI alone, never for another address."""
    if own.get_secret_value():
        return own
    if base_url.strip():
        return SecretStr(_NO_KEY)
    key = os.environ.get("OPENAI_API_KEY", "")
    if not key:
        raise SettingsError(
            "There is no key for the model.",
            f"Set FOOTNOTE_{whose}_API_KEY or OPENAI_API_KEY, or FOOTNOTE_{whose}_BASE_URL for a "
            "server of your own.",
        )
    return SecretStr(key)
