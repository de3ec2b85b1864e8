"""The OpenAI-compatible door: ``POST /v1/chat/completions`` and ``GET /v1/models``.

The last user message is the question; earlier ones are the conversation that a follow-up leans on.
The content is the answer with
Markdown footnotes, so that any chat program shows where each sentence comes from; programs find the
citations in the extra field ``citations`` and the rest of the answer in ``footnote``. Text is sent
once it is checked: a stream begins at once, its words come when they can be relied on.

Shapes: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from app.api.dependencies import PrivateDep, ServicesDep, own_visit, require_ready
from app.api.openai_schemas import COMPLETION_EXAMPLE, ERRORS, MODEL, ChatMessage, ChatRequest
from app.api.problems import MAX_JSON_BYTES, RETRY_AFTER_S, problem_of
from app.api.schemas import AnswerOut, CitationOut, heading
from app.api.streams import EventStream, closing, event
from app.api.wording import NOT_FOUND, rephrasing_lines, state_sentences
from app.ask.conversation.followup_question import rewrite
from app.ask.conversation.pointing import Turn
from app.ask.writing.plain_text import with_inert_addresses
from app.domain import Answer, AnswerState, AskStep, Citation, Finished, Question
from app.errors import BadRequest, NotFound, NotSignedIn, TooMany

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
PATH_PREFIX = "/v1/"
_REMEMBERED = 6
"""User messages before the last one that are read for what a follow-up leans on."""


@router.get("/models", summary="List models", responses=ERRORS)
async def list_models() -> dict[str, Any]:
    """The one model there is."""
    return {"object": "list", "data": [_model()]}


@router.get("/models/{model}", summary="One model", responses=ERRORS)
async def read_model(model: str) -> dict[str, Any]:
    """The model ``footnote``."""
    _check_model(model)
    return _model()


@router.post(
    "/chat/completions",
    summary="Ask, in OpenAI's shape",
    max_body_size=4 * MAX_JSON_BYTES,
    response_model=None,
    responses={
        200: {
            "description": "A chat completion, or with `stream` its chunks as server-sent events "
            "that end with `data: [DONE]`.",
            "content": {
                "application/json": {"example": COMPLETION_EXAMPLE},
                "text/event-stream": {"schema": {"type": "string"}},
            },
        },
        **ERRORS,
    },
)
async def complete(body: ChatRequest, services: ServicesDep, private: PrivateDep) -> Response:
    """Answer the last user message from the documents, with footnotes."""
    _check_model(body.model)
    if body.n not in (None, 1):
        raise BadRequest("There is only one answer to give.", "Leave out n, or set it to 1.")
    typed = _user_messages(body.messages)
    turns: list[Turn] = []
    for text in typed[-_REMEMBERED - 1 : -1]:
        turns.append(Turn(rewrite(text, turns).question))
    alone = rewrite(typed[-1], turns)
    # Nothing is stored under a conversation of this client's: what it sends is all there is.
    question = Question(
        text=alone.question, rewrite=False, suggest="tries", channel="openai", private=private
    )
    asked = typed[-1] if alone.changed else None
    if not body.stream:
        answer = await services.asker.answer(question, own_visit())
        return JSONResponse(_completion(_as_asked(answer, asked)))
    await run_in_threadpool(require_ready, services)
    steps = services.asker.ask(question, own_visit())
    first = await anext(steps)
    options = body.stream_options
    return EventStream(_chunks(first, steps, asked, bool(options and options.include_usage)))


def error_response(error: Exception) -> JSONResponse:
    """Any exception in OpenAI's error shape."""
    problem = problem_of(error)
    status = 400 if isinstance(error, RequestValidationError) else problem.status
    if status in (400, 401, 404, 405, 409, 413, 422):
        kind = "invalid_request_error"
    elif status == 403:
        kind = "permission_error"
    elif status == 429:
        kind = "rate_limit_error"
    elif status == 503:
        kind = "service_unavailable_error"
    else:
        kind = "server_error"
    code = _CODES.get(type(error)) or problem.type.split(":")[-1]
    return JSONResponse(
        {"error": {"message": problem.detail, "type": kind, "param": None, "code": code}},
        status_code=status,
        headers={"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None,
    )


class _UnknownModel(NotFound):
    """Another model than `MODEL` was asked for."""


_CODES: dict[type[Exception], str] = {
    _UnknownModel: "model_not_found",
    NotSignedIn: "invalid_api_key",
    TooMany: "rate_limit_exceeded",
}
"""OpenAI's names for what its clients act on."""


def _check_model(name: str) -> None:
    if name != MODEL:
        raise _UnknownModel(f"There is no model “{name}”.", f"Use “{MODEL}”.")


def _model() -> dict[str, Any]:
    # `created` is required by the shape; the model is as old as the product's first release.
    return {"id": MODEL, "object": "model", "created": 1793491200, "owned_by": "footnote"}


def _user_messages(messages: list[ChatMessage]) -> list[str]:
    """The texts of the user's messages, in order; at least one."""
    texts = []
    for message in messages:
        if message.role == "user":
            content = message.content or ""
            if not isinstance(content, str):
                content = "\n".join(part.text for part in content if part.type == "text")
            texts.append(content)
    if not texts:
        raise BadRequest(
            "The conversation has no message of role user.", "Send the question as the last one."
        )
    return texts


def _as_asked(answer: Answer, asked: str | None) -> Answer:
    """The answer, saying what was typed where the question was made to stand alone."""
    return replace(answer, asked=asked) if asked is not None else answer


# --- content -------------------------------------------------------------------------------------


def content_pieces(answer: Answer) -> Iterator[str]:
    """What to know first, the answer as Markdown, a piece per sentence, then the footnotes."""
    told = state_sentences(answer)
    if answer.state is AnswerState.NOT_FOUND or not answer.sentences:
        yield _not_found_text(answer, told)
        return
    if told:
        yield "\n".join(f"> {_plain(line)}" for line in told) + "\n\n"
    separator = ""
    for sentence in answer.sentences:
        marks = "".join(f"[^{number}]" for number in sentence.citations)
        yield f"{separator}{inert(sentence.text)}{marks}"
        separator = "\n\n" if "\n" in sentence.text else " "
    yield "\n\n" + "\n".join(_footnote(citation) for citation in answer.citations)


def _plain(line: str) -> str:
    """On one line; a citation's number becomes a link to its footnote."""
    return re.sub(r"\[(\d+)\]", r"[^\1]", inert(" ".join(line.split())))


_ACTIVE = re.compile(r"(\\*)(\](?=[(\[:]|$)|<(?=[a-zA-Z/!?]|$)|`)|(\\+)$")
"""What makes a link, an image, a link's definition, HTML or code of Markdown."""


def inert(text: str) -> str:
    """Text from documents as Markdown that loads and links nothing: chat programs render it."""

    def escaped(found: re.Match[str]) -> str:
        return found[3] * 2 if found[3] else f"{found[1] * 2}\\{found[2]}"

    return with_inert_addresses(text, lambda part: _ACTIVE.sub(escaped, part))


def _not_found_text(answer: Answer, told: list[str]) -> str:
    text = " ".join(told or [NOT_FOUND])
    tries = rephrasing_lines(answer)
    if tries:
        text += "\n\nYou could ask:\n" + "\n".join(f"- {inert(line)}" for line in tries)
    else:
        text += " Try other words, or ask whoever keeps the documents to add it."
    if answer.closest:
        text += "\n\nClosest passages:\n" + "\n".join(
            f"- {inert(_place(hit.document.title, hit.passage.heading, hit.passage.page))}"
            for hit in answer.closest
        )
    return text


def _footnote(citation: Citation) -> str:
    quote = " ".join(citation.quote.split())
    place = _place(citation.title, citation.heading, citation.page, citation.page_kind or "page")
    return f"[^{citation.number}]: {inert(place)}: “{inert(quote)}”"


def _place(title: str, path: tuple[str, ...], page: int | None, kind: str = "page") -> str:
    # Headings often begin with the document's own title.
    names = path if path[:1] == (title,) else (title, *path)
    return heading(names) + (f", {kind} {page}" if page is not None else "")


def _extras(answer: Answer) -> dict[str, Any]:
    whole = AnswerOut.of(answer).model_dump(mode="json")
    kept = (
        "answer_id", "trace_id", "conversation_id", "question", "asked", "state", "mode",
        "confidence", "uncovered", "conflicts", "stale", "closest", "rephrasings", "followups",
        "notice",
    )  # fmt: skip
    return {
        "citations": [CitationOut.of(one).model_dump(mode="json") for one in answer.citations],
        "footnote": {name: whole[name] for name in kept},
    }


def _usage(answer: Answer) -> dict[str, int]:
    tokens = answer.usage
    return {
        "prompt_tokens": tokens.input_tokens,
        "completion_tokens": tokens.output_tokens,
        "total_tokens": tokens.input_tokens + tokens.output_tokens,
    }


def _completion(answer: Answer) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer.answer_id}",
        "object": "chat.completion",
        "created": int(answer.created_at.timestamp()),
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "".join(content_pieces(answer)),
                    "refusal": None,
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": _usage(answer),
        **_extras(answer),
    }


# --- stream --------------------------------------------------------------------------------------


async def _chunks(
    first: AskStep, steps: AsyncIterator[AskStep], asked: str | None, include_usage: bool
) -> AsyncIterator[bytes]:
    """OpenAI's chunks: the role, the content piece by piece, the end, perhaps usage, ``[DONE]``."""
    # All chunks share one id, and it is needed before the answer has one.
    head = {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": MODEL,
    }

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage: dict[str, Any] = {"usage": None} if include_usage else {}
        return _data({**head, "choices": [choice], **usage, **more})

    async with closing(steps):
        try:
            yield chunk({"role": "assistant", "content": ""})
            answer = _as_asked(await _answer(first, steps), asked)
            for piece in content_pieces(answer):
                yield chunk({"content": piece})
            yield chunk({}, "stop", **_extras(answer))
            if include_usage:
                yield _data({**head, "choices": [], "usage": _usage(answer)})
            yield event("[DONE]")
        except Exception as error:  # noqa: BLE001  # told to the client, logged by problem_of
            yield event(bytes(error_response(error).body).decode())


async def _answer(first: AskStep, steps: AsyncIterator[AskStep]) -> Answer:
    last = first
    async for step in steps:
        last = step
    if not isinstance(last, Finished):
        raise RuntimeError(f"the last step was {type(last).__name__}")
    return last.answer


def _data(value: dict[str, Any]) -> bytes:
    return event(json.dumps(value, ensure_ascii=False))
