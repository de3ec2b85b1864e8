"""Experiments: what was started, by which specification, and how it was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine, Row, insert, select, update

from app import moment
from app.errors import ExperimentRefused, NotFound
from app.records.behavior.revisions import bump
from app.records.behavior.tables import experiments
from app.records.rows import storable

Status = Literal["running", "stopped"]
KEEP = "keep"
INCONCLUSIVE = "inconclusive"
SHIP = "ship:"
"""Begins the decision to give everybody the settings of an arm: ``ship:ARM``."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to answer. ``settings``: what differs from the product's own, by field name."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What must not get worse than a limit; without one, the guardrail of the metric's target."""

    metric: str
    at_most: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """What an experiment is, before anybody is in it.

    ``share``: of all sessions, above 0 and at most 1; divided equally among ``arms``.
    ``minimum_effect``: the smallest difference worth knowing, in the metric's own unit (a ratio's
    is a share: 0.05 is 5 points). ``stop_on_breach``: a breached guardrail stops it.
    """

    id: str
    hypothesis: str
    metric: str
    arms: tuple[Arm, ...]
    control: str
    share: float = 1.0
    minimum_effect: float | None = None
    guardrails: tuple[Guardrail, ...] = ()
    stop_on_breach: bool = False

    @property
    def treatments(self) -> tuple[Arm, ...]:
        """The arms that are compared with the control."""
        return tuple(arm for arm in self.arms if arm.name != self.control)

    def to_json(self) -> dict[str, Any]:
        """As it is stored, and compared with a file."""
        return {
            "id": self.id,
            "hypothesis": self.hypothesis,
            "metric": self.metric,
            "arms": [{"name": arm.name, "settings": dict(arm.settings)} for arm in self.arms],
            "control": self.control,
            "share": self.share,
            "minimum_effect": self.minimum_effect,
            "guardrails": [
                {"metric": one.metric, "at_most": one.at_most, "at_least": one.at_least}
                for one in self.guardrails
            ],
            "stop_on_breach": self.stop_on_breach,
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Spec:
        """What `to_json` gave."""
        return cls(
            **{
                **data,
                "arms": tuple(Arm(**arm) for arm in data["arms"]),
                "guardrails": tuple(Guardrail(**one) for one in data["guardrails"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment that was started.

    ``base``: what the settings that any arm changes were, for everybody else, when it began.
    ``file``: the name of the file it was started from; empty where it was made on the page.
    ``decision``: ``ship:ARM``, ``keep`` or ``inconclusive``; empty while it runs.
    """

    spec: Spec
    status: Status
    started_at: datetime
    stopped_at: datetime | None
    decision: str
    reason: str
    base: Mapping[str, Any]
    file: str

    @property
    def id(self) -> str:
        """Its specification's."""
        return self.spec.id

    @property
    def running(self) -> bool:
        """Whether sessions are assigned to it."""
        return self.status == "running"

    @property
    def shipped(self) -> str:
        """The arm that everybody is to get; empty where it was decided otherwise."""
        return self.decision.removeprefix(SHIP) if self.decision.startswith(SHIP) else ""


class ExperimentStore:
    """Experiments in SQL; at most one runs at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, spec: Spec, base: Mapping[str, Any] | None = None, file: str = "") -> None:
        """Let it run from now on.

        Raises:
            ExperimentRefused: another one is running, or there was one with this id.
        """
        at = moment.now()
        with self._engine.begin() as connection:
            bump(connection)  # two who start at once come one after the other
            known = connection.execute(select(experiments.c.id, experiments.c.status)).all()
            running = next((row.id for row in known if row.status == "running"), "")
            if running:
                raise ExperimentRefused(
                    f"The experiment “{running}” is running, and sessions can be in one only.",
                    "Stop it first, with a decision.",
                )
            if spec.id in {row.id for row in known}:
                raise ExperimentRefused(
                    f"There was an experiment “{spec.id}” already; its numbers stay its own.",
                    "Give this one another id.",
                )
            stored = {"spec": spec.to_json(), "base": dict(base or {}), "file": file}
            connection.execute(
                insert(experiments).values(
                    id=spec.id, spec=stored, status="running", created_at=at, started_at=at
                )
            )

    def stop(self, experiment_id: str, decision: str, reason: str = "") -> Experiment:
        """End it: nobody is assigned any more.

        Raises:
            NotFound: there is none with this id.
            ExperimentRefused: it has ended before, or the decision names no arm of it.
        """
        with self._engine.begin() as connection:
            bump(connection)
            row = connection.execute(
                select(experiments).where(experiments.c.id == experiment_id)
            ).one_or_none()
            found = _experiment(_there(row, experiment_id))
            if not found.running:
                raise ExperimentRefused(
                    f"The experiment “{experiment_id}” has been stopped and decided before.",
                    "Reload the page to see how.",
                )
            arms = [f"{SHIP}{arm.name}" for arm in found.spec.treatments]
            if decision not in (KEEP, INCONCLUSIVE, *arms):
                raise ExperimentRefused(
                    f"“{decision}” is no decision about “{experiment_id}”.",
                    f"Choose one of: {', '.join((*arms, KEEP, INCONCLUSIVE))}.",
                )
            connection.execute(
                update(experiments)
                .where(experiments.c.id == experiment_id)
                .values(
                    status="stopped",
                    stopped_at=moment.now(),
                    decision=decision,
                    reason=storable(reason.strip()),
                )
            )
        return self.get(experiment_id)

    def get(self, experiment_id: str) -> Experiment:
        """One by its id.

        Raises:
            NotFound: there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(
                select(experiments).where(experiments.c.id == experiment_id)
            ).one_or_none()
        return _experiment(_there(row, experiment_id))

    def running(self) -> Experiment | None:
        """The one that sessions are assigned to now."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(experiments).where(experiments.c.status == "running")
            ).first()
        return None if row is None else _experiment(row)

    def all(self) -> list[Experiment]:
        """Every one, the newest first."""
        newest = experiments.c.started_at.desc(), experiments.c.id
        with self._engine.connect() as connection:
            return [
                _experiment(row)
                for row in connection.execute(select(experiments).order_by(*newest))
            ]


def _there(row: Row[Any] | None, experiment_id: str) -> Row[Any]:
    if row is None:
        raise NotFound(
            f"There is no experiment “{experiment_id}”.", "Look at the list of experiments."
        )
    return row


def _experiment(row: Row[Any]) -> Experiment:
    return Experiment(
        spec=Spec.of_json(row.spec["spec"]),
        status=row.status,
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        decision=row.decision,
        reason=row.reason,
        base=row.spec["base"],
        file=row.spec["file"],
    )
