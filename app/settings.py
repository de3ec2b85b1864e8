"""Every setting, typed and described. The README's table is compared with this file by a test.

Read from ``FOOTNOTE_*`` environment variables, then a ``.env`` file in the working directory.
"""

from __future__ import annotations

import importlib.metadata
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import SettingsError

BUNDLED_MODEL = "bundled"
"""The embedding model that comes as a Python package: all-MiniLM-L6-v2."""


class Settings(BaseSettings):
    """All settings; construct with keyword arguments in tests."""

    model_config = SettingsConfigDict(env_prefix="FOOTNOTE_", env_file=".env", extra="ignore")

    data_dir: Path = Field(
        Path("data"), description="Where the database, the vectors and the lexical index live."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL of the records; empty: SQLite in the data directory."
    )
    chroma_url: str = Field(
        "", description="URL of a Chroma server; empty: Chroma embedded in the data directory."
    )
    host: str = Field("127.0.0.1", description="Address that `footnote serve` binds.")
    allowed_hosts: str = Field(
        "",
        description="Host names, comma-separated, under which programs may reach `/mcp`, besides "
        "loopback and FOOTNOTE_HOST.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port that `footnote serve` binds.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much the log says."
    )
    release: str = Field("", description="Release name put on traces; empty: the package version.")

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
    budget_month_usd: float = Field(
        0, ge=0, description="Most that a month (UTC) of written answers may cost; 0: no limit."
    )

    prd_dir: Path = Field(
        Path("prd"),
        description="Where `metrics.yaml`, `intended-uses.yaml` and `experiments/` are read from.",
    )
    eval_report: Path = Field(
        Path("evals/reports/baseline.json"),
        description="The report of `footnote eval` that quality and fairness are shown from.",
    )
    keep_traces_days: int = Field(90, ge=0, description="Days that traces are kept; 0: forever.")
    keep_traces_mb: int = Field(
        2000, ge=0, description="Most that stored traces may take, in MB; the oldest go; 0: any."
    )
    keep_content_days: int = Field(
        14, ge=0, description="Days that the content of traces is kept, where it is; 0: forever."
    )
    keep_questions_days: int = Field(
        400,
        ge=0,
        description="Days that questions, their answers and events are kept; 0: forever.",
    )
    do_not_track: Literal["respect", "ignore"] = Field(
        "respect",
        description="Whether Do Not Track and Global Privacy Control keep behavior unrecorded.",
    )
    alert_webhook: SecretStr = Field(
        SecretStr(""),
        description="Address that alerts are sent to as JSON; empty: shown on the page only.",
    )
    alert_seconds: float = Field(
        60, gt=0, description="How often a server compares the metrics with the alerts' thresholds."
    )

    max_file_mb: int = Field(100, ge=1, description="Largest file read, in MiB.")
    max_unpacked_mb: int = Field(
        500, ge=1, description="Largest unpacked size of an Office file or EPUB, in MiB."
    )
    max_document_chars: int = Field(
        20_000_000, ge=1000, description="Longest extracted text of one document, in characters."
    )
    parse_timeout_s: int = Field(120, ge=1, description="Longest time spent reading one file.")
    ocr: bool = Field(
        False, description="Read scanned PDFs with tesseract (needs the `ocr` extra)."
    )
    max_upload_files: int = Field(50, ge=1, description="Files accepted in one upload.")
    refresh_seconds: float = Field(
        1.0, gt=0, description="How often a server looks for documents ingested by others."
    )

    @cached_property
    def resolved_database_url(self) -> str:
        """The database URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'footnote.db'}"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; ``overrides`` win.

    Raises:
        SettingsError: naming every variable that is wrong, and why.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates
    except ValidationError as error:
        wrong = "; ".join(
            f"FOOTNOTE_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        )
        raise SettingsError(
            f"Settings can't be used: {wrong}.", "Correct the variable or the .env file."
        ) from error


def release_name(settings: Settings) -> str:
    """The release put on traces: the setting, or else the package's version."""
    if settings.release:
        return settings.release
    try:
        return importlib.metadata.version("footnote")
    except importlib.metadata.PackageNotFoundError:
        return "0"
