"""Every name on spans and metrics, in one table; a test pins them.

They follow OpenTelemetry's GenAI semantic conventions v1.41.1 (the last tagged text) where they
have one, OpenInference's for cost, content and span kind (so that Phoenix and Langfuse draw the
spans right), and ``footnote.*`` for what neither knows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class SpanName(StrEnum):
    """Names of spans. Those with a field are used as ``SpanName.CHAT.format(model=…)``."""

    ASK = "invoke_workflow ask"
    SEARCH = "invoke_workflow search"
    INGEST = "invoke_workflow ingest"
    # --- one question
    REWRITE = "rewrite"
    SPELLING = "spelling"
    EMBEDDINGS = "embeddings {model}"
    RETRIEVAL = "retrieval {data_source}"
    DENSE = "dense"
    LEXICAL = "lexical"
    FUSE = "fuse"
    RERANK = "rerank {model}"
    ANSWER = "answer"
    READ = "read"
    CONFIDENCE = "confidence"
    STATE = "state"
    CHAT = "chat {model}"
    VERIFY = "verify"
    SUGGEST = "suggest"
    # --- one ingest
    PARSE = "parse"
    SPLIT = "split"
    STORE = "store"


WORKFLOWS: Final = frozenset({SpanName.ASK, SpanName.SEARCH, SpanName.INGEST})
"""Whose end completes what the trace store keeps together."""


class Attribute(StrEnum):
    """Names of span attributes."""

    OPERATION = "gen_ai.operation.name"
    WORKFLOW = "gen_ai.workflow.name"
    PROVIDER = "gen_ai.provider.name"
    REQUEST_MODEL = "gen_ai.request.model"
    REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
    RESPONSE_MODEL = "gen_ai.response.model"
    FINISH_REASONS = "gen_ai.response.finish_reasons"
    TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
    INPUT_TOKENS = "gen_ai.usage.input_tokens"
    OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
    CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
    INPUT_MESSAGES = "gen_ai.input.messages"
    OUTPUT_MESSAGES = "gen_ai.output.messages"
    CONVERSATION = "gen_ai.conversation.id"
    DATA_SOURCE = "gen_ai.data_source.id"
    EMBEDDING_DIMENSIONS = "gen_ai.embeddings.dimension.count"
    RETRIEVED_DOCUMENTS = "gen_ai.retrieval.documents"
    TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105  # no password
    ERROR_TYPE = "error.type"
    # --- OpenInference
    SPAN_KIND = "openinference.span.kind"
    INPUT = "input.value"
    OUTPUT = "output.value"
    COST_TOTAL = "llm.cost.total"
    COST_PROMPT = "llm.cost.prompt"
    COST_COMPLETION = "llm.cost.completion"
    RERANKER_MODEL = "reranker.model_name"
    DOCUMENT_ID = "retrieval.documents.{index}.document.id"
    DOCUMENT_SCORE = "retrieval.documents.{index}.document.score"
    DOCUMENT_CONTENT = "retrieval.documents.{index}.document.content"
    # --- Footnote: one question
    ANSWER_ID = "footnote.answer.id"
    ANSWER_STATE = "footnote.answer.state"
    ANSWER_MODE = "footnote.answer.mode"
    ANSWER_MODEL = "footnote.answer.model"
    ANSWER_PASSAGES = "footnote.answer.passages"
    CONFIDENCE_LEVEL = "footnote.confidence.level"
    CONFIDENCE_PROBABILITY = "footnote.confidence.probability"
    CONFIDENCE_SIGNALS = "footnote.confidence.signals"
    CITATIONS = "footnote.citations.count"
    DROPPED = "footnote.verify.dropped"
    SENTENCES = "footnote.sentences.count"
    UNSUPPORTED = "footnote.verify.unsupported"
    CHANNEL = "footnote.channel"
    RELEASE = "footnote.release"
    EXPERIMENT = "footnote.experiment.id"
    ARM = "footnote.experiment.arm"
    FIRST_CONTENT_MS = "footnote.first_content_ms"
    TOTAL_MS = "footnote.total_ms"
    TOTAL_INPUT_TOKENS = "footnote.usage.input_tokens"
    TOTAL_OUTPUT_TOKENS = "footnote.usage.output_tokens"
    TOTAL_CACHED_TOKENS = "footnote.usage.cached_tokens"
    COST_KNOWN = "footnote.cost.known"
    PRICE_VERSION = "footnote.cost.price_version"
    USAGE_ESTIMATED = "footnote.usage.estimated"
    REWRITTEN = "footnote.rewrite.changed"
    # --- Footnote: one search
    HITS = "footnote.retrieval.hits"
    TOP_DENSE = "footnote.retrieval.top_dense"
    TOP_LEXICAL = "footnote.retrieval.top_lexical"
    PASSAGES = "footnote.retrieval.passages"
    MISSING_TERMS = "footnote.retrieval.missing_terms.count"
    CANDIDATES = "footnote.retrieval.candidates"
    WANTED = "footnote.retrieval.k"
    # --- Footnote: one ingest
    COLLECTION = "footnote.collection"
    DOCUMENT = "footnote.document.id"
    DOCUMENT_IDS = "footnote.document.ids"
    DOCUMENT_KIND = "footnote.document.kind"
    CHANGE = "footnote.document.change"
    DOCUMENTS = "footnote.documents.count"
    FAILED = "footnote.documents.failed"
    PASSAGE_COUNT = "footnote.passages.count"
    BYTES = "footnote.bytes"


CONTENT: Final = frozenset(
    {Attribute.INPUT, Attribute.OUTPUT, Attribute.INPUT_MESSAGES, Attribute.OUTPUT_MESSAGES}
)
"""Attributes that hold what people or models wrote: set only where content is captured."""
CONTENT_PREFIX: Final = "retrieval.documents."
CONTENT_SUFFIX: Final = ".document.content"
"""…and the text of each retrieved passage."""


def is_content(name: str) -> bool:
    """Whether an attribute holds what people or models wrote."""
    return name in CONTENT or (name.startswith(CONTENT_PREFIX) and name.endswith(CONTENT_SUFFIX))


class Metric(StrEnum):
    """Names of metrics. Durations are in seconds, as the conventions have them."""

    OPERATION_DURATION = "gen_ai.client.operation.duration"
    TOKEN_USAGE = "gen_ai.client.token.usage"  # noqa: S105  # no password
    QUESTIONS = "footnote.questions"
    FIRST_CONTENT = "footnote.time_to_first_content"
    ANSWER_DURATION = "footnote.answer.duration"
    COST = "footnote.cost"


class Kind(StrEnum):
    """Values of ``openinference.span.kind``."""

    CHAIN = "CHAIN"
    RETRIEVER = "RETRIEVER"
    RERANKER = "RERANKER"
    EMBEDDING = "EMBEDDING"
    LLM = "LLM"
    EVALUATOR = "EVALUATOR"
