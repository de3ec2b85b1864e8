"""Alerts as they were fired, sent and resolved; safe with several processes on one database.

A rule has one open alert at most: the database itself sees to it, so that two processes that look
at the same moment fire once. What is to be sent is claimed before it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import NotFound
from app.records.behavior.tables import alerts, revisions

Notice = Literal["fired", "resolved"]
_LEASE = "alert_lease"
_LATE = timedelta(days=1)
"""What could not be told for so long is told no more: it stands on the page."""
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold that was crossed; it is open until ``resolved_at``.

    ``sent_at`` and ``resolution_sent_at``: when the webhook took the news of it. ``tries``: how
    often the news that is due was tried; ``error``: why the last try failed.
    """

    id: int
    rule: str
    metric: str
    value: float
    threshold: float
    message: str
    fired_at: datetime
    resolved_at: datetime | None
    sent_at: datetime | None
    resolution_sent_at: datetime | None
    tries: int
    tried_at: datetime | None
    error: str
    acknowledged_at: datetime | None
    snoozed_until: datetime | None

    @property
    def open(self) -> bool:
        """Whether it still holds."""
        return self.resolved_at is None

    @property
    def notice(self) -> Notice:
        """What has to be told next; an alert that is over before it is told is told as that."""
        return "fired" if self.sent_at is None and self.resolved_at is None else "resolved"

    def snoozed(self, now: datetime) -> bool:
        """Whether somebody wants to hear nothing of it for now."""
        return self.snoozed_until is not None and self.snoozed_until > now


class AlertStore:
    """Writes and reads `alerts`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lease(self, now: datetime, duration: timedelta) -> bool:
        """The right to look at the metrics until ``now + duration``; False: another has it."""
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        row = dialect.insert(revisions).values(name=_LEASE, value=0).on_conflict_do_nothing()
        take = (
            update(revisions)
            .where(revisions.c.name == _LEASE, revisions.c.value <= _milliseconds(now))
            .values(value=_milliseconds(now + duration))
        )
        with self._engine.begin() as connection:
            connection.execute(row)
            return connection.execute(take).rowcount == 1

    def fire(
        self,
        rule: str,
        metric: str,
        value: float,
        threshold: float,
        message: str,
        now: datetime,
    ) -> bool:
        """Open an alert; False when the rule has an open one already.

        While an earlier alert of the rule is snoozed, so is this one.
        """
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        snoozed = (
            select(func.max(alerts.c.snoozed_until))
            .where(alerts.c.rule == rule, alerts.c.snoozed_until > now)
            .scalar_subquery()
        )
        row = (
            dialect.insert(alerts)
            .values(
                rule=rule,
                metric=metric,
                value=value,
                threshold=threshold,
                message=message,
                fired_at=now,
                snoozed_until=snoozed,
                tries=0,
                error="",
            )
            .on_conflict_do_nothing()
        )
        with self._engine.begin() as connection:
            return connection.execute(row).rowcount == 1

    def resolve(self, rule: str, now: datetime) -> bool:
        """Close a rule's open alert; False when it has none. Then it may fire again."""
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(alerts)
                .where(alerts.c.rule == rule, alerts.c.resolved_at.is_(None))
                .values(resolved_at=now)
            )
        return changed.rowcount == 1

    def open(self) -> list[Alert]:
        """Every open alert, newest first."""
        return self._find(alerts.c.resolved_at.is_(None))

    def shouting(self, now: datetime) -> list[Alert]:
        """Open alerts that nobody acknowledged or snoozed, newest first."""
        return self._find(
            alerts.c.resolved_at.is_(None), alerts.c.acknowledged_at.is_(None), _awake(now)
        )

    def history(self, limit: int = 50) -> list[Alert]:
        """Alerts that are over, newest first."""
        return self._find(alerts.c.resolved_at.is_not(None), limit=limit)

    def acknowledge(self, alert_id: int, now: datetime) -> None:
        """Somebody has seen it; pages no longer point at it.

        Raises:
            NotFound: there is no such open alert.
        """
        self._change(alert_id, acknowledged_at=now)

    def snooze(self, alert_id: int, until: datetime) -> None:
        """Nothing is said of it, nor of the next one of its rule, until then.

        Raises:
            NotFound: there is no such open alert.
        """
        self._change(alert_id, snoozed_until=until)

    # --- the webhook -----------------------------------------------------------------------------

    def due(self, now: datetime) -> list[Alert]:
        """Alerts with something to tell now, oldest first: new ones, and those to be tried again.

        Tries are 30 s apart, then twice as long each time, an hour at most, for a day.
        """
        untold = and_(
            alerts.c.sent_at.is_(None),
            alerts.c.fired_at > now - _LATE,
            # Over before anybody tried: there was no webhook, and nobody needs the news now.
            or_(alerts.c.resolved_at.is_(None), alerts.c.tries > 0),
        )
        unended = and_(
            alerts.c.sent_at.is_not(None),
            alerts.c.resolution_sent_at.is_(None),
            alerts.c.resolved_at > now - _LATE,
        )
        found = self._find(or_(untold, unended), _awake(now))
        return [alert for alert in reversed(found) if _patient(alert, now)]

    def claim(self, alert: Alert, now: datetime) -> bool:
        """The right to tell of it this time; False: another process was quicker."""
        pending = alerts.c.sent_at if alert.sent_at is None else alerts.c.resolution_sent_at
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(alerts)
                .where(alerts.c.id == alert.id, alerts.c.tries == alert.tries, pending.is_(None))
                .values(tries=alert.tries + 1, tried_at=now)
            )
        return changed.rowcount == 1

    def told(self, alert: Alert, now: datetime) -> None:
        """The webhook took it."""
        values: dict[str, object] = {"error": "", "tries": 0, "tried_at": None}
        if alert.sent_at is None:
            values["sent_at"] = now
        if alert.notice == "resolved":
            values["resolution_sent_at"] = now
        with self._engine.begin() as connection:
            connection.execute(update(alerts).where(alerts.c.id == alert.id).values(**values))

    def untold(self, alert: Alert, error: str) -> None:
        """The webhook did not take it, and why."""
        with self._engine.begin() as connection:
            connection.execute(update(alerts).where(alerts.c.id == alert.id).values(error=error))

    def _find(self, *where: ColumnElement[bool], limit: int | None = None) -> list[Alert]:
        query = select(alerts).where(*where).order_by(alerts.c.fired_at.desc(), alerts.c.id.desc())
        with self._engine.connect() as connection:
            return [Alert(**row._mapping) for row in connection.execute(query.limit(limit))]

    def _change(self, alert_id: int, **values: datetime) -> None:
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(alerts)
                .where(alerts.c.id == alert_id, alerts.c.resolved_at.is_(None))
                .values(**values)
            )
        if not changed.rowcount:
            raise NotFound("There is no such open alert.", "It may be over already; see the list.")


def _awake(now: datetime) -> ColumnElement[bool]:
    return or_(alerts.c.snoozed_until.is_(None), alerts.c.snoozed_until <= now)


def _patient(alert: Alert, now: datetime) -> bool:
    """Whether the last try is long enough ago."""
    if alert.tried_at is None:
        return True
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(alert.tries - 1, 10), _LONGEST_WAIT)
    return alert.tried_at + wait <= now


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
