"""Models, search, answers, and what may be spent on them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

BUNDLED_MODEL = "bundled"
"""The embedding model that comes as a Python package: all-MiniLM-L6-v2."""


class Answering(BaseSettings):
    """Models, search, answers, and what may be spent on them."""

    embedding_model: str = Field(
        BUNDLED_MODEL,
        description="`bundled` (all-MiniLM-L6-v2), or any sentence-transformers name or path.",
    )
    embedding_precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="Number format of the model; `auto` measures both once and remembers."
    )
    reranker_model: str = Field(
        "", description="Cross-encoder by name or path that re-orders passages; empty: none."
    )
    passage_tokens: int = Field(
        200, ge=40, le=2000, description="Passage size aimed at, in the embedding model's tokens."
    )
    search_results: int = Field(
        10, ge=1, le=50, description="Passages shown in search mode, and the API's default `k`."
    )
    candidates: int = Field(
        40, ge=5, le=500, description="Passages taken from each index before fusion."
    )
    dense_weight: float = Field(
        0.65, ge=0, le=1, description="Share of the dense score in the fused score."
    )
    read_passages: int = Field(
        8, ge=1, le=50, description="Passages whose sentences are read for an answer."
    )
    quote_sentences: int = Field(
        3, ge=1, le=10, description="Sentences at most in a quoted answer."
    )
    mode: Literal["auto", "quotes", "written"] = Field(
        "auto",
        description="How questions are answered where nobody chose: `auto` writes when there is a "
        "chat model.",
    )
    confidence_file: str = Field(
        "",
        description="Confidence model fitted by `footnote eval calibrate`; empty: the one shipped.",
    )
    answer_threshold: float = Field(
        0,
        ge=0,
        lt=1,
        description="Probability below which nothing is answered; 0: the confidence model's own.",
    )
    max_question_chars: int = Field(
        2000, ge=50, description="Longest question accepted, in characters."
    )
    chat_model: str = Field(
        "",
        description="Chat model for written answers as `provider:model`, e.g. `openai:gpt-5-mini`, "
        "`anthropic:claude-haiku-4-5`, `ollama:llama3.2`; empty: quotes only.",
    )
    chat_base_url: str = Field(
        "",
        description="Address of the chat model's server, e.g. `http://127.0.0.1:8080/v1` for a "
        "local one that speaks OpenAI's protocol; empty: the provider's own.",
    )
    chat_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key for the chat model; empty: the provider's own variable, e.g. "
        "OPENAI_API_KEY, which is never sent to a FOOTNOTE_CHAT_BASE_URL.",
    )
    chat_first_token_timeout_s: float = Field(
        20,
        gt=0,
        description="Longest wait for the chat model's first words; then quotes stand in.",
    )
    chat_timeout_s: float = Field(
        60, gt=0, description="Longest time a written answer may take; then quotes stand in."
    )
    chat_max_output_tokens: int = Field(
        2000,
        ge=50,
        description="Longest written answer in tokens, a model's unseen reasoning included.",
    )
    chat_price: str = Field(
        "",
        pattern=r"^(\s*\d+(\.\d+)?\s*/\s*\d+(\.\d+)?\s*)?$",
        description="USD per million tokens, input/output, e.g. `0.25/2`, or `0/0` for a model of "
        "your own; empty: from the price table, unknown where it has none.",
    )
    prices_file: str = Field(
        "",
        description="YAML file with prices of your own: per token or per hour, by model, and for "
        "embeddings; see `prd/prices.yaml`. Empty: the price table's.",
    )
    prompt: str = Field(
        "",
        max_length=4000,
        description="Your own instructions for written answers, added to the product's rules.",
    )
    unsupported_sentences: Literal["mark", "remove"] = Field(
        "mark", description="What is done with written sentences that their sources don't support."
    )
    budget_question_usd: float = Field(
        0, ge=0, description="Most that one written answer may cost, in USD; 0: no limit."
    )
    budget_day_usd: float = Field(
        0, ge=0, description="Most that a day (UTC) of written answers may cost; 0: no limit."
    )
    budget_person_day_usd: float = Field(
        0,
        ge=0,
        description="Most that a day (UTC) of one person's written answers may cost, where people "
        "sign in; 0: no limit.",
    )
    budget_month_usd: float = Field(
        0, ge=0, description="Most that a month (UTC) of written answers may cost; 0: no limit."
    )
