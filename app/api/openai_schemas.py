"""What the OpenAI-compatible door accepts, and the examples that document what it gives."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MODEL = "footnote"


class ContentPart(BaseModel):
    """A part of a message; only text parts can be used."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="allow")

    include_usage: bool | None = False


class ChatRequest(BaseModel):
    """A chat completion request. Sampling parameters are accepted and have no effect."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "How much may a hotel cost?"}],
                    "stream": False,
                }
            ]
        },
    )

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = 1


COMPLETION_EXAMPLE = {
    "id": "chatcmpl-ans_5d0c9a4f1e7b",
    "object": "chat.completion",
    "created": 1791192667,
    "model": MODEL,
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hotels are reimbursed up to EUR 165 a night.[^1]\n\n"
                "[^1]: Travel policy 2026 › Accommodation › Hotels: “…”",
                "refusal": None,
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "citations": [{"number": 1, "title": "Travel policy 2026", "start": 1180, "end": 1224}],
    "footnote": {"answer_id": "ans_5d0c9a4f1e7b", "state": "answered"},
}
ERROR_EXAMPLE = {
    "error": {
        "message": "There is no model “gpt-4”. Use “footnote”.",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": "An error in OpenAI's shape.",
        "content": {"application/json": {"example": ERROR_EXAMPLE}},
    }
    for status in ("4XX", "5XX")
}
