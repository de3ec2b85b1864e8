"""Spans and their attributes in plain words; what is not listed here is shown as it is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.web.units import said

KINDS = {"ask": "Question", "search": "Search", "ingest": "Ingest"}
STATES = {
    "answered": "Answered",
    "partial": "Partly answered",
    "conflicting": "Sources disagree",
    "outdated": "May be out of date",
    "not_found": "Not in your documents",
    "stopped": "Stopped",
    "failed": "Failed",
}
LEVELS = {"high": "High", "medium": "Medium", "low": "Low"}
MODES = {"quotes": "Quotes", "written": "Written"}
CHANNELS = {
    "web": "Web page",
    "api": "API",
    "openai": "OpenAI-compatible API",
    "mcp": "MCP",
    "cli": "Command line",
}
FEEDBACK = {
    "helpful": "Marked helpful",
    "not": "Marked not helpful",
    "rejected": "Rejected: not helpful, corrected or reported",
    "none": "No feedback",
}
PRICES = {"known": "Cost known", "unknown": "Cost unknown"}
PERIODS = {
    "1h": "Last hour",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
}
SORTS = {"started": "Newest", "duration": "Slowest", "cost": "Dearest"}

_STEPS = {
    "invoke_workflow ask": "Question",
    "invoke_workflow search": "Search",
    "invoke_workflow ingest": "Ingest",
    "rewrite": "Understand the follow-up",
    "spelling": "Check the spelling",
    "dense": "Search by meaning",
    "lexical": "Search by words",
    "fuse": "Combine both rankings",
    "answer": "Read and choose quotes",
    "read": "Read the passages",
    "confidence": "Judge the confidence",
    "state": "Compare the sources",
    "verify": "Check against the sources",
    "suggest": "Find what to ask next",
    "document": "Documents",
    "parse": "Parse",
    "split": "Split into passages",
    "store": "Store",
}
_PREFIXES = {
    "retrieval ": "Search the documents",
    "embeddings ": "Embed",
    "chat ": "Write",
    "rerank ": "Rerank",
}
"""Steps that are named with a model or a source behind them, which its attributes tell."""
_EVENTS = {
    "asked": "Asked",
    "answered": "Answer complete",
    "stopped": "Stopped",
    "failed": "Failed",
    "citation_opened": "Source {number} opened",
    "passage_opened": "Closest passage {number} opened",
    "copied": "Copied",
    "shared": "Link copied",
    "followup_chosen": "Suggested question chosen",
    "rephrasing_chosen": "Suggested wording chosen",
    "regenerated": "Asked again",
    "mode_switched": "Answered in another mode",
    "sources_narrowed": "Sources narrowed",
    "marked": "Marked {helpful}",
    "corrected": "Corrected",
    "reported": "Reported as a problem",
    "content_requested": "Reported as missing",
    "trust_rated": "Trust rated {rating} of 5",
    "searched": "Searched",
    "result_opened": "Result {number} opened",
}
_ATTRIBUTES = {
    "gen_ai.operation.name": "Operation",
    "gen_ai.workflow.name": "Workflow",
    "gen_ai.provider.name": "Provider",
    "gen_ai.request.model": "Model asked for",
    "gen_ai.request.max_tokens": "Tokens it may write",
    "gen_ai.response.model": "Model that answered",
    "gen_ai.response.finish_reasons": "Why it ended",
    "gen_ai.response.time_to_first_chunk": "First words after (s)",
    "gen_ai.usage.input_tokens": "Tokens read",
    "gen_ai.usage.output_tokens": "Tokens written",
    "gen_ai.usage.cache_read.input_tokens": "Tokens read from the provider's cache",
    "gen_ai.conversation.id": "Conversation",
    "gen_ai.data_source.id": "Searched in",
    "llm.cost.total": "Cost (USD)",
    "llm.cost.prompt": "Cost of reading (USD)",
    "llm.cost.completion": "Cost of writing (USD)",
    "gen_ai.embeddings.dimension.count": "Numbers in a vector",
    "gen_ai.request.top_k": "Passages wanted",
    "error.type": "Error",
    "footnote.answer.state": "Outcome",
    "footnote.answer.mode": "Mode",
    "footnote.answer.model": "Model",
    "footnote.confidence.level": "Confidence",
    "footnote.confidence.probability": "Probability of being right",
    "footnote.citations.count": "Citations",
    "footnote.sentences.count": "Sentences",
    "footnote.verify.dropped": "Sentences dropped",
    "footnote.verify.unsupported": "Sentences without support",
    "footnote.channel": "Asked through",
    "footnote.release": "Release",
    "footnote.experiment.id": "Experiment",
    "footnote.experiment.arm": "Arm",
    "footnote.first_content_ms": "First content (ms)",
    "footnote.usage.input_tokens": "Tokens read, all calls",
    "footnote.usage.output_tokens": "Tokens written, all calls",
    "footnote.usage.cached_tokens": "Of those read, cached",
    "footnote.cost.price_version": "Prices",
    "footnote.usage.estimated": "Tokens estimated",
    "footnote.rewrite.changed": "Question completed",
    "footnote.retrieval.hits": "Passages",
    "footnote.retrieval.top_dense": "Best by meaning",
    "footnote.retrieval.top_lexical": "Best by words",
    "footnote.retrieval.missing_terms.count": "Words that no document has",
    "footnote.retrieval.candidates": "Passages considered",
    "footnote.document.kind": "Format",
    "footnote.document.change": "Change",
    "footnote.documents.count": "Documents",
    "footnote.documents.failed": "Not readable",
    "footnote.passages.count": "Passages",
}
_OURS = "footnote."
"""Our own names are words already: ``footnote.retrieval.top_dense`` reads "Retrieval top dense"."""


def step_words(name: str) -> str:
    """``dense`` as "Search by meaning", ``chat gpt-5-mini`` as "Write"."""
    if name in _STEPS:
        return _STEPS[name]
    return next((words for prefix, words in _PREFIXES.items() if name.startswith(prefix)), name)


def event_words(kind: str, properties: Mapping[str, Any]) -> str:
    """What somebody did, with the number or the mark that belongs to it."""
    values = dict(properties)
    if "helpful" in values:
        values["helpful"] = "helpful" if values["helpful"] else "not helpful"
    try:
        return _EVENTS.get(kind, kind.replace("_", " ").capitalize()).format(**values)
    except KeyError:  # an older event without it
        return kind.replace("_", " ").capitalize()


def attribute_words(name: str) -> str:
    """A readable name; one that nobody described keeps its own."""
    if name in _ATTRIBUTES:
        return _ATTRIBUTES[name]
    if name.startswith(_OURS):
        words = re.sub(r"[._]+", " ", name.removeprefix(_OURS))
        return words[:1].upper() + words[1:]
    return name


def took(milliseconds: float | None) -> str:
    """``0.4 ms``, ``83 ms``, ``1.24 s``, ``2 min 5 s``; a dash where it is not known."""
    if milliseconds is None:
        return "–"
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 59_950:
        return f"{milliseconds / 1000:.{2 if milliseconds < 9995 else 1}f} s"
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def usd(cost: float | None) -> str:
    """``$0.0031``, ``$1.20``; "unknown" for None, which is never shown as nothing."""
    return "unknown" if cost is None else said(cost, "usd")


def apart(gap: timedelta) -> str:
    """How long after something else: ``4 s``, ``2 min 5 s``, ``3 h 20 min``, ``5 days``."""
    seconds = max(0.0, gap.total_seconds())
    if seconds >= 2 * 86_400:
        return f"{seconds / 86_400:.0f} days"
    return took(seconds * 1000)
