"""The JSON of answers afterwards: read again, as conversations, and what people say of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from app.api import examples
from app.api.examples import example
from app.api.schemas import AnswerOut, answer_fields
from app.domain import Answer


class StoredAnswerOut(AnswerOut):
    """An answer as it was given, with what was asked."""

    model_config = example(
        {
            **examples.ANSWER,
            "collections": ["handbook"],
            "created_at": "2026-10-05T09:31:07Z",
        }
    )

    collections: list[str]
    created_at: datetime

    @classmethod
    def of(cls, answer: Answer) -> StoredAnswerOut:
        """From the domain."""
        return cls(
            **answer_fields(answer),
            collections=list(answer.filters.collections),
            created_at=answer.created_at,
        )


class ConversationOut(BaseModel):
    """What was asked and answered in one conversation, oldest first."""

    model_config = example(
        {
            "conversation_id": examples.ANSWER["conversation_id"],
            "answers": [
                {
                    **examples.ANSWER,
                    "collections": ["handbook"],
                    "created_at": "2026-10-05T09:31:07Z",
                }
            ],
        }
    )

    conversation_id: str
    answers: list[StoredAnswerOut]


class FeedbackIn(BaseModel):
    """What a person says about an answer."""

    model_config = example(examples.FEEDBACK)

    helpful: bool
    reasons: list[str] = Field(default_factory=list, max_length=20)
    comment: str = Field("", max_length=4000)
    correction: str = Field("", max_length=10_000)


class FeedbackOut(FeedbackIn):
    """What was kept."""

    model_config = example({"answer_id": examples.ANSWER["answer_id"], **examples.FEEDBACK})

    answer_id: str
