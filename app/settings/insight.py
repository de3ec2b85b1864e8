"""What is measured, kept, and told to whoever runs the product."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Insight(BaseSettings):
    """What is measured, kept, and told to whoever runs the product."""

    prd_dir: Path = Field(
        Path("prd"),
        description="Where `metrics.yaml`, `intended-uses.yaml` and `experiments/` are read from.",
    )
    eval_report: Path = Field(
        Path("evals/reports/sample/report.json"),
        description="The baseline: the report of `footnote eval` that gates compare with, and that "
        "quality and fairness are shown from. Reports beside its folder are listed too.",
    )
    eval_runs: str = Field(
        "",
        description="Folder where `footnote eval` keeps its runs; empty: `evals` in the data "
        "directory.",
    )
    judge_model: str = Field(
        "",
        description="Chat model that judges answers in `footnote eval --judge`, as "
        "`openai:model`; empty: no judge.",
    )
    judge_base_url: str = Field(
        "",
        description="Address of the judge's server, which speaks OpenAI's protocol; empty: "
        "OpenAI's own.",
    )
    judge_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key for the judge; empty: OPENAI_API_KEY, which is never sent to a "
        "FOOTNOTE_JUDGE_BASE_URL.",
    )
    judge_timeout_s: float = Field(60, gt=0, description="Longest wait for one of its verdicts.")
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
    redact: bool = Field(
        True,
        description="Whether e-mail addresses, phone, card and account numbers, keys and passwords "
        "are taken out of questions, searches, feedback and traces before they are kept.",
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
