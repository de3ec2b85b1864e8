"""Looks at the metrics from time to time: opens alerts, ends them, and tells a webhook.

Several servers on one database take turns (`AlertStore.lease`); should two look at once, the
database still opens one alert for a rule, and each piece of news is claimed before it is sent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import moment
from app.errors import FootnoteError
from app.insights.alerts.verdict import Reading, payload, test_payload, verdict
from app.insights.alerts.webhook import Webhook
from app.records.product.alerts import Alert, AlertStore

log = logging.getLogger(__name__)
Source = Callable[[datetime], Sequence[Reading]]
"""Rules with their present values. Raises FootnoteError when they can't be read."""
_SETTLED = timedelta(hours=1)
"""An alert whose rule is gone (deleted, its experiment over or no longer beyond chance) is over,
but not sooner after it fired: what holds by a hair may break by one a minute later."""
_TURN = 0.9
"""Of the time between two looks: how long one process has the right to look. Less than all of it,
so that the same process may look the next time."""


@dataclass(frozen=True, slots=True)
class Tested:
    """When the webhook was tried; ``error``: why it did not take the message, if so."""

    at: datetime
    error: str


class Watch:
    """The rules, their alerts and where news of them goes."""

    def __init__(
        self,
        store: AlertStore,
        sources: Sequence[Source],
        *,
        check: Callable[[], None] = lambda: None,
        act: Callable[[datetime], None] = lambda _now: None,
        webhook: Webhook | None = None,
        every: timedelta = timedelta(seconds=60),
        release: str = "",
    ) -> None:
        """``every``: time between two looks. ``webhook`` None: alerts stand on the page only.

        ``check`` raises FootnoteError when rules can't be read. ``act``: what else is done at each
        look, after alerts have fired.
        """
        self.store = store
        self.webhook = webhook
        self.every = every
        self.tested: Tested | None = None
        """What became of the last `test` in this process."""
        self._sources = sources
        self._check = check
        self._act = act
        self._release = release

    def readings(self, now: datetime) -> tuple[list[Reading], list[str]]:
        """Every rule with its present value, and what keeps others from being read."""
        found: list[Reading] = []
        problems: list[str] = []
        for source in self._sources:
            try:
                found.extend(source(now))
            except FootnoteError as error:
                problems.append(error.message)
        return found, problems

    def problem(self) -> str:
        """What is wrong with the rules, in a sentence; for the log at start."""
        try:
            self._check()
        except FootnoteError as error:
            return error.message
        return ""

    def look(self) -> bool:
        """Compare, open and end alerts, send what is due; False: it is another process's turn."""
        now = moment.now()
        if not self.store.lease(now, self.every * _TURN):
            return False
        found, problems = self.readings(now)
        alerts = {alert.rule: alert for alert in self.store.open()}
        for reading in found:
            self._follow(reading, alerts.pop(reading.rule, None), now)
        if not problems:  # else a rule may be missing only because its file can't be read
            for rule, alert in alerts.items():
                if now - alert.fired_at >= _SETTLED:
                    self.store.resolve(rule, now)
        self._act(now)
        self.send()
        return True

    def send(self) -> None:
        """Tell the webhook what is due. Blocks as long as the webhook does."""
        if self.webhook is None:
            return
        for alert in self.store.due(moment.now()):
            if self.store.claim(alert, moment.now()):
                self._tell(self.webhook, alert)

    def shouting(self) -> list[Alert]:
        """Open alerts that pages point at, newest first: one look into a small index."""
        return self.store.shouting(moment.now())

    def test(self) -> None:
        """Send a message that is no alert; `tested` then says what became of it."""
        if self.webhook is not None:
            now = moment.now()
            self.tested = Tested(now, self.webhook.send(test_payload(now, self._release)))

    def _follow(self, reading: Reading, alert: Alert | None, now: datetime) -> None:
        todo = verdict(reading, alert, now)
        if todo == "fire" and reading.value is not None:
            told = reading.sentence()
            fired = self.store.fire(
                reading.rule, reading.metric, reading.value, reading.threshold, told, now
            )
            if fired:
                log.warning("alert %s: %s", reading.rule, told)
        elif todo == "end" and self.store.resolve(reading.rule, now):
            log.info("alert %s is over", reading.rule)

    def _tell(self, webhook: Webhook, alert: Alert) -> None:
        error = webhook.send(payload(alert, self._release))
        if error:
            log.warning("alert %s was not sent: %s", alert.rule, error)
            self.store.untold(alert, error)
        else:
            self.store.told(alert, moment.now())


class Patrol:
    """A thread that lets a `Watch` look, again and again; nothing that goes wrong ends it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._stop = threading.Event()
        # A daemon: an exit waits for no webhook.
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin; the first look is after one interval."""
        self._thread.start()

    def stop(self, wait_s: float = 1.0) -> None:
        """Look no more; a look under way is waited for, but not long."""
        self._stop.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        if problem := self._watch.problem():
            log.warning("Alerts can't be watched: %s", problem)
        failing = False
        while not self._stop.wait(self._watch.every.total_seconds()):
            try:
                self._watch.look()
                failing = False
            except Exception:
                # Once, not every minute: the cause (a database that is away) may last.
                if not failing and not self._stop.is_set():
                    log.exception("looking at the metrics failed; trying again")
                failing = True
