"""One case of an eval run, as its report keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of how an answer came about: a span, without its content.

    ``depth`` 0 is the question itself; times are milliseconds from its beginning.
    """

    name: str
    depth: int
    start_ms: float
    ms: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One verdict of a judge model on one case.

    ``metric``: the score that it is part of. ``text``: the statement that was judged. ``verdict``:
    1 yes, 0 no; for a criterion of the rubric its points. ``about``: what the statement is from:
    "answer", "reference", "passage 2", "question", "criterion".
    """

    metric: str
    text: str
    verdict: int
    reason: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One case: what was asked and wanted, what came, and its scores.

    ``scores``: metric id → value; a metric that cannot be asked of this case is not there.
    ``expected`` is empty where the case asks for no state. ``group``: rows of the same group are
    the same question in other words, and not independent. ``trace`` is kept of cases to read.
    Texts are empty in a report that was made without them. ``error``: why it could not be asked;
    its state then says nothing.
    """

    id: str
    question: str
    answerable: bool
    state: str
    level: str
    probability: float
    expected: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    split: str = ""
    text: str = ""
    reference: str = ""
    answers: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    why: str = ""
    after: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    trace: tuple[TraceStep, ...] = ()
    claims: tuple[Claim, ...] = ()
    error: str = ""

    @property
    def right(self) -> bool | None:
        """Whether it was handled rightly; None where nobody can say."""
        value = self.scores.get("correct")
        return None if value is None else value >= 0.5
