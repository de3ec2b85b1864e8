"""Whatever a chat model's client raises → one sentence for a person, and whether to try again.

Providers have their own exceptions; what they share is an HTTP status or none. Nothing of an error
text is shown: providers repeat parts of the key and of the request in theirs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.errors import WritingFailed, WritingProblem

_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed; 529 is Anthropic's "overloaded"."""
_CONNECTION = ("Connect", "Connection", "NetworkError", "ProtocolError", "ReadError", "WriteError")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``wait_s``: how long the provider asks to wait before another try; None: it does not say."""

    failure: WritingFailed
    transient: bool = False
    wait_s: float | None = None


def diagnose(error: BaseException, name: str, *, begun: bool) -> Diagnosis:
    """What went wrong with model ``name``; ``begun``: it had already written something."""
    status = _status(error)
    if status in (401, 403):
        return Diagnosis(
            _failed(
                f"{name} did not accept the key.",
                "Check FOOTNOTE_CHAT_API_KEY.",
                "wrong_key",
            )
        )
    if status == 429 and "insufficient_quota" in _code(error):
        return Diagnosis(
            _failed(f"The account for {name} has no credit left.", "Top it up.", "rate_limited")
        )
    if status == 429:
        return Diagnosis(
            _failed(
                f"{name} takes no more requests just now.",
                "Ask again in a minute.",
                "rate_limited",
            ),
            transient=True,
            wait_s=_retry_after(error),
        )
    if status == 404:
        return Diagnosis(
            _failed(
                f"{name} was not found at its server.",
                "Check FOOTNOTE_CHAT_MODEL and FOOTNOTE_CHAT_BASE_URL.",
                "rejected",
            )
        )
    if status is not None and 400 <= status < 500:
        return Diagnosis(
            _failed(f"{name} did not take the request ({status}).", "", "rejected"),
            transient=status in _TRANSIENT,
        )
    if begun:
        return Diagnosis(_failed(f"{name} broke off in the middle.", "Ask again.", "broken_off"))
    if status is not None:
        return Diagnosis(
            _failed(f"{name} has a problem of its own ({status}).", "Ask again.", "unreachable"),
            transient=status in _TRANSIENT,
            wait_s=_retry_after(error),
        )
    if isinstance(error, json.JSONDecodeError):
        return Diagnosis(
            _failed(f"{name} sent something that can't be read.", "Ask again.", "broken_off")
        )
    if _is_connection(error):
        return Diagnosis(
            _failed(
                f"{name} can't be reached.",
                "Check the network and FOOTNOTE_CHAT_BASE_URL.",
                "unreachable",
            ),
            transient=True,
        )
    return Diagnosis(_failed(f"{name} failed.", "Ask again; the log says why.", "broken_off"))


def refuses_usage(error: BaseException) -> bool:
    """Whether a server turned the request down because it asked for a count of tokens."""
    return _status(error) in (400, 422) and "stream_options" in str(error)


def _failed(detail: str, action: str, problem: WritingProblem) -> WritingFailed:
    return WritingFailed(detail, action, problem=problem)


def _status(error: BaseException) -> int | None:
    """The HTTP status, wherever the client keeps it."""
    candidates = [
        getattr(error, "status_code", None),
        getattr(getattr(error, "response", None), "status_code", None),
        getattr(error, "code", None),
    ]
    for status in candidates:
        # ollama: -1 where there was no answer
        if isinstance(status, int) and 100 <= status < 600:
            return status
    return None


def _code(error: BaseException) -> str:
    body = getattr(error, "body", None)
    inside = body.get("code") if isinstance(body, dict) else None
    return f"{getattr(error, 'code', '')} {inside}"


def _retry_after(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        wait = float(headers["retry-after"]) if headers is not None else None
    except (KeyError, TypeError, ValueError):
        return None
    return wait if wait is None or wait >= 0 else None


def _is_connection(error: BaseException) -> bool:
    while True:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        if isinstance(error, ConnectionError | OSError) or any(
            part in kind for kind in kinds for part in _CONNECTION
        ):
            return True
        if error.__cause__ is None:
            return False
        error = error.__cause__
