"""Experiments while questions are asked: which arm a session is in, and an asker for each arm.

Assignment needs no memory: a hash of experiment and session says it, in every process and after
every restart. A session stays in its arm for as long as the experiment runs.

Who is not in an experiment: whoever does not want to be followed; programs that name neither a
session nor a conversation; sessions outside its share. Whoever chooses a mode gets that mode, and
is counted to the arm all the same: people who leave an arm's mode because it served them badly
would otherwise leave its numbers too.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from anyio.to_thread import run_sync

from app.ask.arm_settings import base_of, overridden
from app.ask.pipeline import Asker, finished
from app.domain import Answer, AskStep, Question
from app.errors import FootnoteError, SettingsError
from app.records.product.experiments import Arm, Experiment, ExperimentStore, Spec
from app.settings import Settings

log = logging.getLogger(__name__)

BUCKETS = 10_000
"""Sessions are spread over as many; an experiment's share and arms are ranges of them."""
LOOK_EVERY_S = 2.0
"""How often a process looks whether an experiment began or ended."""

Build = Callable[[Settings], Asker]
"""An asker for these settings, over the library and the models of everybody else.

Raises SettingsError where they cannot work.
"""


def bucket(experiment_id: str, unit: str) -> int:
    """0 to `BUCKETS` − 1, uniform, the same forever; ``unit``: a session or conversation id."""
    digest = hashlib.sha256(f"{experiment_id}:{unit}".encode()).digest()
    return int.from_bytes(digest[:8]) % BUCKETS


def ranges(spec: Spec) -> dict[str, range]:
    """The buckets of each arm: equal parts of the first ``share`` of all."""
    inside, count = round(spec.share * BUCKETS), len(spec.arms)
    edges = [number * inside // count for number in range(count + 1)]
    return {
        arm.name: range(edges[number], edges[number + 1]) for number, arm in enumerate(spec.arms)
    }


def assigned(spec: Spec, unit: str) -> str:
    """The arm of a session or conversation; empty where it is not in the experiment."""
    if not unit:
        return ""
    place = bucket(spec.id, unit)
    return next((name for name, own in ranges(spec).items() if place in own), "")


def _settings_of(arm: Arm, settings: Settings) -> Settings:
    if "chat_model" in arm.settings and not arm.settings["chat_model"]:
        raise SettingsError("It has no chat model.", "For quotes alone set “mode: quotes”.")
    own = overridden(settings, arm.settings)
    if arm.settings.get("mode") == "written" and not own.chat_model:
        raise SettingsError(
            "Written answers need a chat model, and none is set up.",
            "Set FOOTNOTE_CHAT_MODEL, or name a chat_model in the arm.",
        )
    return own


@dataclass(frozen=True, slots=True)
class _Running:
    spec: Spec
    askers: Mapping[str, Asker]


class ArmedAsker:
    """An `Asker` in whose place each arm of the running experiment has its own."""

    def __init__(
        self,
        plain: Asker,
        settings: Settings,
        build: Build,
        running: Callable[[], Experiment | None],
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """``plain`` answers outside of experiments; ``running`` reads which one is running."""
        self._plain = plain
        self._settings = settings
        self._build = build
        self._read = running
        self._look_every_s = look_every_s
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._now: _Running | None = None
        self._refused = ""

    async def ask(self, question: Question, session_id: str = "") -> AsyncGenerator[AskStep, None]:
        """The steps of one question, as its arm answers it. Raises as `Asker.ask` does."""
        running = await self._current()
        asker = self._plain
        arm = "" if running is None else _arm_of(running.spec, question, session_id)
        if running is not None and arm:
            question = replace(question, experiment=running.spec.id, arm=arm)
            asker = running.askers[arm]
        async with aclosing(asker.ask(question, session_id)) as steps:
            async for step in steps:
                yield step

    async def answer(self, question: Question, session_id: str = "") -> Answer:
        """The finished answer alone; raises as `ask` does."""
        return await finished(self.ask(question, session_id))

    async def suggest(self, answer: Answer, session_id: str = "") -> Answer:
        """With questions to ask next, which the session's arm answers. As `Asker.suggest`."""
        running = await self._current()
        arm = assigned(running.spec, session_id or answer.conversation_id) if running else ""
        asker = running.askers[arm] if running is not None and arm else self._plain
        return await asker.suggest(answer, session_id)

    def accepted(self, question: Question) -> str:
        """The text that will be asked; as `Asker.accepted`."""
        return self._plain.accepted(question)

    def check(self, spec: Spec) -> dict[str, Any]:
        """See whether its arms can work here; may load a reranker.

        Gives what the settings that any arm changes are for everybody else.

        Raises:
            SettingsError: one can't, with its name and the reason.
        """
        self._askers(spec)
        return base_of(self._settings, [arm.settings for arm in spec.arms])

    def look(self, *, again: bool = False) -> None:
        """See which experiment is running; ``again``: also when this was done just now.

        Blocks on the database, and on a reranker that an arm brings. Never raises: where the
        store or an arm doesn't work, questions are answered as without an experiment.
        """
        with self._lock:
            if not again and time.monotonic() < self._look_at:
                return
            try:
                found = self._read()
            except Exception as error:  # noqa: BLE001  # whatever it is, answering goes on
                log.warning("can't see which experiment is running: %s", error)
            else:
                self._take(found)
            self._look_at = time.monotonic() + self._look_every_s

    def _take(self, found: Experiment | None) -> None:
        if found is None:
            self._now, self._refused = None, ""
        elif found.id not in (self._refused, self._now.spec.id if self._now else ""):
            try:
                self._now = _Running(found.spec, self._askers(found.spec))
            except Exception as error:  # noqa: BLE001  # a provider's own, too: answering goes on
                log.error("the experiment %s can't run here: %s", found.id, error)
                self._now, self._refused = None, found.id

    async def _current(self) -> _Running | None:
        if time.monotonic() >= self._look_at:
            await run_sync(self.look)
        return self._now

    def _askers(self, spec: Spec) -> dict[str, Asker]:
        """One for each arm; arms with the same settings share one."""
        built: dict[str, Asker] = {"{}": self._plain}
        found = {}
        for arm in spec.arms:
            key = json.dumps(dict(arm.settings), sort_keys=True)
            try:
                if key not in built:
                    built[key] = self._build(_settings_of(arm, self._settings))
            except FootnoteError as error:
                raise SettingsError(
                    f"The arm “{arm.name}” can't work: {error.detail}", error.action
                ) from error
            found[arm.name] = built[key]
        return found


def begin(asker: Asker | ArmedAsker, store: ExperimentStore, spec: Spec, file: str = "") -> None:
    """Start an experiment, if all of its arms can work. ``file``: the name it was read from.

    Raises:
        SettingsError: an arm can't work, or nothing is recorded here.
        ExperimentRefused: another one is running, or there was one with this id.
    """
    if not isinstance(asker, ArmedAsker):
        raise SettingsError(
            "Nothing is recorded here, so an experiment would have no numbers.",
            "Start it where questions are recorded.",
        )
    store.start(spec, asker.check(spec), file)
    asker.look(again=True)


def end(
    asker: Asker | ArmedAsker,
    store: ExperimentStore,
    experiment_id: str,
    decision: str,
    reason: str,
) -> Experiment:
    """Stop an experiment with a decision. Raises as `ExperimentStore.stop` does."""
    stopped = store.stop(experiment_id, decision, reason)
    if isinstance(asker, ArmedAsker):
        asker.look(again=True)
    return stopped


def _arm_of(spec: Spec, question: Question, session_id: str) -> str:
    if question.private:
        return ""
    return assigned(spec, session_id or question.conversation_id or "")
