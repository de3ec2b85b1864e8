"""A model is loaded once; who cannot wait is told so; an error is kept until it is tried again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import FootnoteError, NotReady, SettingsError
from app.knowledge.model_holder import ModelHolder


class Loading:
    """A slow load that a test lets go on, and that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.calls = 0
        self._failures = failures

    def __call__(self) -> str:
        self.calls += 1
        self.begun.set()
        assert self.go_on.wait(20)
        if self.calls <= self._failures:
            raise SettingsError("The model can't be loaded.", "Correct the path.")
        return "model"


def kept_error(holder: ModelHolder[str]) -> FootnoteError | None:
    return holder.error


def test_a_model_is_loaded_at_first_use_and_only_once() -> None:
    loading = Loading()
    loading.go_on.set()
    holder = ModelHolder(loading, "search model")
    assert (holder.loaded, loading.calls) == (False, 0)
    assert (holder.get(), holder.get(wait=True), loading.calls) == ("model", "model", 1)
    assert (holder.loaded, holder.error) == (True, None)


def test_a_second_thread_is_told_to_come_back_or_waits_if_it_wants() -> None:
    loading = Loading()
    holder = ModelHolder(loading, "search model")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(holder.get)
        assert loading.begun.wait(20)
        with pytest.raises(NotReady) as told:
            holder.get()
        assert told.value.message == (
            "The search model is still loading. Try again in a few seconds."
        )
        patient = pool.submit(holder.get, wait=True)
        assert not holder.loaded
        loading.go_on.set()
        assert first.result(20) == patient.result(20) == "model"
    assert loading.calls == 1


def test_an_error_is_kept_and_tried_again_by_who_waits() -> None:
    loading = Loading(failures=2)
    loading.go_on.set()
    holder = ModelHolder(loading, "reranker")
    with pytest.raises(SettingsError) as first:
        holder.get()
    assert kept_error(holder) is first.value
    with pytest.raises(SettingsError):
        holder.get()  # a request does not load again: that takes seconds
    assert loading.calls == 1
    with pytest.raises(SettingsError):
        holder.get(wait=True)
    assert loading.calls == 2
    assert holder.get(wait=True) == "model"
    assert holder.loaded
    assert kept_error(holder) is None
    assert holder.get() == "model"
