"""Settings → what answers a question: retrieval, the asker, who writes, and what that may cost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from app.ask.checking.checker import SupportChecker
from app.ask.confidence import Model, load_model
from app.ask.conversation.interpreting import Interpreter
from app.ask.conversation.memory import ConversationMemory
from app.ask.conversation.spelling import Speller
from app.ask.conversation.trying import Suggester
from app.ask.drafting import Drafter
from app.ask.pipeline import Asker, AskOptions, Writing
from app.ask.reading import Reader
from app.ask.state.freshness import successor_in
from app.ask.word_match import WordMatcher
from app.ask.writing.budget import Budget, BudgetedChatModel
from app.ask.writing.chat_model import ChatModel, LangChainChatModel
from app.ask.writing.price_file import PriceFile, load_prices
from app.ask.writing.prices import Prices
from app.ask.writing.written import Writer
from app.bootstrap import models
from app.errors import SettingsError
from app.knowledge.library import Library
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker
from app.knowledge.retriever import Retriever, RetrieverOptions
from app.records.answers import AnswerStore
from app.records.behavior.recorder import QuestionRecorder
from app.records.product.costs import CostStore
from app.settings import Settings
from app.telemetry import Tracing


@dataclass(frozen=True, slots=True)
class Answering:
    """What every asker shares: the library, the models, the records, and what may be spent.

    ``answers`` and ``recorder`` None: nothing is recorded, and ``memory`` holds what follow-ups
    lean on. ``costs`` None: neither are costs.
    """

    library: Library
    embedder: ModelHolder[Embedder]
    answers: AnswerStore | None
    recorder: QuestionRecorder | None
    tracing: Tracing
    budget: Budget
    costs: CostStore | None
    memory: ConversationMemory = field(default_factory=ConversationMemory)

    def retriever(
        self, settings: Settings, reranker: ModelHolder[Reranker] | None = None
    ) -> Retriever:
        """Both indexes, fused as the settings say."""
        options = RetrieverOptions(
            candidates=settings.candidates, dense_weight=settings.dense_weight
        )
        return Retriever(self.library, self.embedder, reranker, options)

    def writes(self, settings: Settings, chat: LangChainChatModel | None) -> ChatModel | None:
        """``chat`` within the budget that all askers share, each call written down."""
        if chat is None:
            return None
        return BudgetedChatModel(chat, prices_of(settings), self.budget, self.costs)

    def asker(self, settings: Settings, retriever: Retriever, chat: ChatModel | None) -> Asker:
        """Everything that answers a question as the settings say."""
        documents = self.library.documents
        options = AskOptions(
            max_question_chars=settings.max_question_chars,
            unsupported=settings.unsupported_sentences,
            mode=settings.mode,
        )
        reader = Reader(
            retriever,
            WordMatcher(self.embedder, retriever.questions),
            confidence_of(settings),
            passages=settings.read_passages,
            closest=options.closest,
        )
        speller = Speller(
            self.library.lexical,
            retriever.passages,
            # The embedding model's tokenizer has most of a language's words whole.
            lambda words: [count == 1 for count in self.embedder.get().count_tokens(words)],
            retriever.kept,
        )
        writing = None
        if chat is not None:
            writer = Writer(
                chat,
                max_tokens=settings.chat_max_output_tokens,
                passages=settings.read_passages,
                instructions=settings.prompt,
            )
            writing = Writing(writer, SupportChecker(self.embedder))
        return Asker(
            reader,
            Drafter(
                settings.quote_sentences,
                successor_in(documents),
                retriever.vectors,
            ),
            Interpreter(speller, answers=self.answers or self.memory, chat=chat),
            Suggester(reader, documents, speller),
            options,
            answers=self.answers,
            recorder=self.recorder or self.memory,
            writing=writing,
            tracing=self.tracing,
        )


class Arms:
    """Builds the askers of an experiment's arms; rerankers that they bring are loaded once."""

    def __init__(
        self, answering: Answering, settings: Settings, reranker: ModelHolder[Reranker] | None
    ) -> None:
        self._answering = answering
        self._rerankers = {settings.reranker_model: reranker}

    def __call__(self, own: Settings) -> Asker:
        """The asker of one arm. Raises SettingsError where its settings can't work."""
        answering = self._answering
        if own.reranker_model not in self._rerankers:
            holder = ModelHolder(lambda: models.load_reranker(own), "reranker")
            holder.get(wait=True)  # a name that is wrong is told now, not to whoever asks
            self._rerankers[own.reranker_model] = holder
        retriever = answering.retriever(own, self._rerankers[own.reranker_model])
        return answering.asker(own, retriever, answering.writes(own, chat_model_of(own)))


def confidence_of(settings: Settings) -> Model:
    """The shipped model, or one refitted on the user's own golden set."""
    model = _confidence_file(settings)
    threshold = settings.answer_threshold
    return replace(model, answer_from=threshold) if threshold else model


def _confidence_file(settings: Settings) -> Model:
    if not settings.confidence_file:
        return load_model()
    try:
        return load_model(Path(settings.confidence_file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"The confidence file {settings.confidence_file} can't be read.",
            "Correct FOOTNOTE_CONFIDENCE_FILE, or leave it out for the model that is shipped.",
        ) from error


def chat_model_of(settings: Settings) -> LangChainChatModel | None:
    """Who writes answers; None when they are only quoted."""
    if not settings.chat_model:
        return None
    return LangChainChatModel(
        settings.chat_model,
        base_url=settings.chat_base_url,
        api_key=settings.chat_api_key,
        first_token_timeout_s=settings.chat_first_token_timeout_s,
        timeout_s=settings.chat_timeout_s,
        prices=prices_of(settings),
    )


def budget_of(settings: Settings, spending: CostStore | None) -> Budget:
    """``spending``: where what calls cost is recorded; None when nothing is."""
    return Budget(
        question_usd=settings.budget_question_usd,
        day_usd=settings.budget_day_usd,
        month_usd=settings.budget_month_usd,
        person_day_usd=settings.budget_person_day_usd,
        spending=spending.usd_on if spending is not None else None,
        spending_in_month=spending.usd_in_month if spending is not None else None,
        spending_of=spending.usd_of_session if spending is not None else None,
    )


def prices_of(settings: Settings) -> Prices:
    """What the chat model costs."""
    return Prices(
        settings.chat_model,
        base_url=settings.chat_base_url,
        override=settings.chat_price,
        file=price_file_of(settings),
        longest_s=settings.chat_timeout_s,
    )


def price_file_of(settings: Settings) -> PriceFile:
    """Prices of one's own; an empty file where there is none."""
    return load_prices(Path(settings.prices_file)) if settings.prices_file else PriceFile()
