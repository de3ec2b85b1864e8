"""What is stored and what leaves the machine, read off the settings in force.

``/privacy`` says only what follows from them: a host is named because something is sent to it, and
"nothing leaves" stands there only when no setting sends anything.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import BUNDLED_MODEL, Settings

_PROVIDERS = {
    "openai": ("api.openai.com", ("OPENAI_API_BASE", "OPENAI_BASE_URL")),
    "anthropic": ("api.anthropic.com", ("ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL")),
    "ollama": ("127.0.0.1", ("OLLAMA_HOST",)),
}
"""Provider → where its client connects, and the variables that send it elsewhere."""
_COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
_LANGSMITH = (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING",
)
"""Any of them set to true makes LangChain report every model call to LangSmith."""
_EXPORTS = tuple(
    (f"OTEL_{signal}_EXPORTER", (f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", _COLLECTOR))
    for signal in ("TRACES", "METRICS")
)
"""The standard variables: which may switch a signal's export off, and which say where it goes."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A place that something is sent to. ``here``: it is this machine."""

    host: str
    here: bool
    role: str
    gets: str


@dataclass(frozen=True, slots=True)
class Privacy:
    """The facts of the page. ``stored`` names the database without its password."""

    stored: str
    data_dir: Path
    chat_model: str
    recipients: tuple[Recipient, ...]
    content: bool
    """Traces keep the text of questions and answers too."""
    questions_days: int
    traces_days: int
    content_days: int
    """How long things are kept; 0: nothing is deleted by itself."""
    respects_signals: bool
    """Do Not Track and Global Privacy Control are respected."""
    followed: bool = True
    """Whoever reads the page sends neither."""

    @property
    def elsewhere(self) -> tuple[Recipient, ...]:
        """Recipients that are not this machine."""
        return tuple(one for one in self.recipients if not one.here)

    @property
    def here(self) -> tuple[Recipient, ...]:
        """Programs on this machine that get something."""
        return tuple(one for one in self.recipients if one.here)


def privacy(
    settings: Settings, environment: Mapping[str, str], *, followed: bool = True
) -> Privacy:
    """The facts under these settings and environment variables."""
    return Privacy(
        stored=_database(settings),
        data_dir=settings.data_dir.resolve(),
        chat_model=settings.chat_model,
        recipients=tuple(_recipients(settings, environment)),
        content=_captures(environment),
        questions_days=settings.keep_questions_days,
        traces_days=settings.keep_traces_days,
        content_days=settings.keep_content_days,
        respects_signals=settings.do_not_track == "respect",
        followed=followed,
    )


def _recipients(settings: Settings, environment: Mapping[str, str]) -> Iterator[Recipient]:
    if settings.chat_model:
        yield _recipient(
            _chat_host(settings, environment),
            f"the chat model {settings.chat_model}",
            "your question, and the passages that were found for it with their titles, headings "
            "and dates; for a follow-up that needs them, also earlier questions of the "
            "conversation and the beginning of their answers",
        )
        if any(environment.get(name, "").strip().lower() == "true" for name in _LANGSMITH):
            endpoint = environment.get("LANGSMITH_ENDPOINT") or environment.get(
                "LANGCHAIN_ENDPOINT"
            )
            yield _recipient(
                _host(endpoint or "") or "api.smith.langchain.com",
                "LangSmith, switched on by LANGSMITH_TRACING",
                "every question to the chat model with its passages, and what it wrote",
            )
    database = urlsplit(settings.resolved_database_url)
    if database.hostname:
        yield _recipient(
            database.hostname,
            "the database",
            "everything that is stored: documents, questions, answers, what was said about them",
        )
    if settings.chroma_url:
        yield _recipient(
            _host(settings.chroma_url),
            "the vector index",
            "passages and questions as rows of numbers",
        )
    if (traces := _traces(environment)) is not None:
        yield _recipient(
            traces,
            "the trace collector",
            "how long each step took, counts, ids and model names"
            + (
                ", and the text of questions, passages and answers that go to the chat model"
                if _captures(environment)
                else "; no questions, no answers, no text of documents"
            ),
        )
    if webhook := settings.alert_webhook.get_secret_value():
        yield _recipient(
            _host(webhook) or "the address of FOOTNOTE_ALERT_WEBHOOK",
            "the webhook for alerts",
            "the name and value of a metric that passed its threshold; no questions, no answers",
        )
    if settings.judge_model:
        yield _recipient(
            _host(settings.judge_base_url) or "api.openai.com",
            f"the judge {settings.judge_model}, when somebody runs `footnote eval --judge`",
            "the questions of the eval set, their answers and the passages behind them; nothing "
            "that was asked here, unless it was made a case of that set",
        )
    for name in (settings.embedding_model, settings.reranker_model):
        if name and name != BUNDLED_MODEL and not Path(name).exists():
            yield _recipient(
                _host(environment.get("HF_ENDPOINT", "")) or "huggingface.co",
                f"the model {name} is downloaded from there when it is first used",
                "a request for the model’s files; nothing of yours",
            )


def _captures(environment: Mapping[str, str]) -> bool:
    """As `app.telemetry.captures_content`; a test compares."""
    content = environment.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return content.strip().lower() in ("true", "1", "span_only", "span_and_event")


def _chat_host(settings: Settings, environment: Mapping[str, str]) -> str:
    provider = settings.chat_model.partition(":")[0].strip().lower()
    usual, variables = _PROVIDERS.get(provider, (f"the provider “{provider}”", ()))
    addresses = [settings.chat_base_url, *(environment.get(name, "") for name in variables)]
    return next((host for address in addresses if (host := _host(address))), usual)


def _traces(environment: Mapping[str, str]) -> str | None:
    """The collector's host; None when nothing is exported."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    for switch, places in _EXPORTS:
        if environment.get(switch, "otlp").strip().lower() != "none":
            for name in places:
                if host := _host(environment.get(name)):
                    return host
    return None


def _database(settings: Settings) -> str:
    """The database in words; never its user or password."""
    parts = urlsplit(settings.resolved_database_url)
    kind = parts.scheme.partition("+")[0]
    if kind == "sqlite":
        return f"the file {parts.path.removeprefix('/') or 'memory'}"
    names = {"postgresql": "PostgreSQL", "postgres": "PostgreSQL", "mysql": "MySQL"}
    where = f" on {parts.hostname}" if parts.hostname else ""
    return f"the {names.get(kind, kind)} database “{parts.path.strip('/')}”{where}"


def _recipient(host: str, role: str, gets: str) -> Recipient:
    return Recipient(host, _is_here(host), role, gets)


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
        return address.is_loopback or address.is_unspecified
    except ValueError:
        return False


def _host(address: str | None) -> str:
    """The host of an address with or without ``http://``; empty when there is none."""
    text = (address or "").strip()
    if not text:
        return ""
    try:
        return urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
