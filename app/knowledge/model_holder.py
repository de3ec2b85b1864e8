"""Loads a model once, when it is first needed or in the background at server start."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from app.errors import FootnoteError, NotReady

Model = TypeVar("Model")


class ModelHolder(Generic[Model]):
    """One model, loaded at most once.

    A command that needs the model waits for it; a request that arrives while another thread loads
    it is told to come back, so that no request hangs for seconds.
    """

    def __init__(self, load: Callable[[], Model], what: str) -> None:
        self._load = load
        self._what = what
        self._lock = threading.Lock()
        self._model: Model | None = None
        self.error: FootnoteError | None = None

    @property
    def loaded(self) -> bool:
        """True once the model can be used."""
        return self._model is not None

    def get(self, *, wait: bool = False) -> Model:
        """The model.

        Raises:
            NotReady: another thread is loading it and ``wait`` is False.
            SettingsError: it cannot be loaded; with ``wait`` it is tried again.
        """
        if self._model is not None:
            return self._model
        if self.error is not None and not wait:
            raise self.error  # a wrong setting stays wrong; loading again takes seconds a request
        if not self._lock.acquire(blocking=wait):
            raise NotReady(f"The {self._what} is still loading.", "Try again in a few seconds.")
        try:
            if self._model is None:
                try:
                    self._model = self._load()
                    self.error = None
                except FootnoteError as error:
                    self.error = error
                    raise
            return self._model
        finally:
            self._lock.release()
