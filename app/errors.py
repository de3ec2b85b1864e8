"""The error tree. Every error says what happened and what to do, in a sentence for a person.

::

    FootnoteError (500)
    ├── BadRequest (400)             the question or a parameter cannot be used
    │   ├── EmptyQuestion            nothing was asked
    │   ├── QuestionTooLong          more than the limit
    │   └── SettingsError            a FOOTNOTE_* setting is wrong; said at start
    ├── NotSignedIn (401)            accounts are on, and nobody said who asks
    ├── Forbidden (403)              this role, or this key, may not
    ├── NotFound (404)               no such document, answer, page or collection
    ├── TooLarge (413)               a file over the limit
    ├── Unprocessable (422)          a file that cannot be read
    │   └── UnreadableDocument       with the reason, per file
    ├── TooMany (429)                more requests than one client may send
    ├── Busy (409)                   another ingest is writing
    │   └── ServedAlready            another server has this data directory
    ├── ExperimentRefused (409)      one is running already, or its id was used before
    ├── ModeUnavailable (409)        written mode without a chat model
    ├── NotReady (503)               the model is still loading
    ├── WritingFailed (502)          the chat model gave nothing to show; quotes stand in for it
    └── IndexProblem (503)           the index cannot be used as it is
        ├── IndexMismatch            it was built with another embedding model
        └── IndexUnavailable         Chroma or the database does not answer
            └── StorageProblem       disk full, read-only, locked, damaged, or gone
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from app.domain import Usage


class FootnoteError(Exception):
    """Base of all errors that a person may see.

    ``detail`` says what happened; ``action`` says what to do. Together they read as two sentences.
    """

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    title: str = "Something went wrong"

    def __init__(self, detail: str, action: str = "") -> None:
        super().__init__(f"{detail} {action}".strip())
        self.detail = detail
        self.action = action

    @property
    def message(self) -> str:
        """Detail and action, as shown to a person."""
        return str(self)


class BadRequest(FootnoteError):
    """The request cannot be used as it is."""

    status = HTTPStatus.BAD_REQUEST
    title = "That request can't be used"


class EmptyQuestion(BadRequest):
    """Nothing was asked."""

    title = "Nothing was asked"


class QuestionTooLong(BadRequest):
    """The question is longer than the limit."""

    title = "The question is too long"


class SettingsError(BadRequest):
    """A setting has a value that cannot work."""

    title = "A setting is wrong"


class NotSignedIn(FootnoteError):
    """Accounts are on, and the request does not say who it is."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Sign in first"


class Forbidden(FootnoteError):
    """Who asks is known, and may not do this."""

    status = HTTPStatus.FORBIDDEN
    title = "That is not yours to do"


class NotFound(FootnoteError):
    """No such document, answer, page or collection."""

    status = HTTPStatus.NOT_FOUND
    title = "Not found"


class TooLarge(FootnoteError):
    """A file is larger than the limit."""

    status = 413
    title = "The file is too large"


class Unprocessable(FootnoteError):
    """What was sent is well-formed but cannot be processed."""

    status = 422
    title = "That can't be processed"


class UnreadableDocument(Unprocessable):
    """A document cannot be read; ``detail`` is the reason shown beside the file."""

    title = "The document can't be read"


class TooMany(FootnoteError):
    """One client sent more requests than it may.

    ``retry_after_s``: seconds until the next one.
    """

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"

    def __init__(self, detail: str, action: str = "", *, retry_after_s: int = 1) -> None:
        super().__init__(detail, action)
        self.retry_after_s = retry_after_s


class Busy(FootnoteError):
    """Another process is writing to the index."""

    status = HTTPStatus.CONFLICT
    title = "Another ingest is running"


class ServedAlready(Busy):
    """Another server has this data directory."""

    title = "Another server runs here"


class ExperimentRefused(FootnoteError):
    """An experiment cannot be started or stopped as things stand."""

    status = HTTPStatus.CONFLICT
    title = "Not now"


class ModeUnavailable(FootnoteError):
    """Written mode was asked for, but no chat model is set."""

    status = HTTPStatus.CONFLICT
    title = "Written answers are switched off"


class NotReady(FootnoteError):
    """The model or index is still loading."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Warming up"


WritingProblem = Literal[
    "timed_out",
    "unreachable",
    "wrong_key",
    "rate_limited",
    "rejected",
    "broken_off",
    "refused",
    "empty",
    "uncited",
    "not_covered",
    "unsupported",
    "not_set_up",
    "over_budget",
    "price_unknown",
]
"""Why nothing was written. ``rejected``: the provider did not take the request; ``not_covered``:
the model read the passages and says that they hold no answer."""


class WritingFailed(FootnoteError):
    """The chat model gave nothing that can be shown; the quoted answer takes its place.

    ``usage``: what the attempt used all the same.
    """

    status = HTTPStatus.BAD_GATEWAY
    title = "The answer could not be written"

    def __init__(
        self,
        detail: str,
        action: str = "",
        *,
        problem: WritingProblem = "broken_off",
        usage: Usage | None = None,
    ) -> None:
        super().__init__(detail, action)
        self.problem = problem
        self.usage = usage or Usage()

    @property
    def notice(self) -> str:
        """What a reader is told above the quoted answer."""
        told = f"{self.detail.rstrip('.')}, so this is quoted from your documents instead."
        return f"{told} {self.action}".strip()


class IndexProblem(FootnoteError):
    """The index cannot be used as it is."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The index can't be used"


class IndexMismatch(IndexProblem):
    """The index was built with another embedding model."""

    title = "The index belongs to another model"


class IndexUnavailable(IndexProblem):
    """Chroma, the lexical index or the database does not answer."""

    title = "The index doesn't answer"


class StorageProblem(IndexUnavailable):
    """The database can't be read or written: disk full, read-only, locked, damaged, or gone."""

    title = "The records can't be reached"
