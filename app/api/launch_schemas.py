"""Shapes of ``GET /api/v1/launch``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.insights.launch.readiness import Readiness

_STATUS = Literal["pass", "fail", "unknown"]
_FINDING: JsonDict = {
    "kind": "tests",
    "status": "pass",
    "what": "tests/ask/test_citations_property.py",
    "said": "12 tests passed.",
    "todo": "",
    "href": "",
    "on": "2026-11-22",
    "source": "commit 9c4de9961a; Linux x86_64, 2 processors, Python 3.11.7",
}
_CRITERION: JsonDict = {
    "id": "A1",
    "story": "Find an answer",
    "text": "`text[start:end] == quote` for every citation, always",
    "owner": "Engineering",
    "status": "pass",
    "evidence": [_FINDING],
}
_GUARDED: JsonDict = {"id": "rejection", "owner": "Product manager", "evidence": _FINDING}
_REASON: JsonDict = {
    "id": "V3",
    "kind": "criterion",
    "status": "fail",
    "said": "79 ms against 13.5 ms of bare retrieval, 5.8 ×.",
    "todo": "Change it, look again, and write what you see.",
    "href": "",
    "about": "`POST /api/v1/ask` takes at most 5 × the quickstart's bare retrieval (p50)",
}
_ALL: JsonDict = {
    "verdict": "hold",
    "release": "0.1.0",
    "made_at": "2026-11-22T18:00:00Z",
    "counts": {"pass": 40, "fail": 3, "unknown": 15},
    "reasons": [_REASON],
    "criteria": [_CRITERION],
    "gates": [_GUARDED],
    "guardrails": [_GUARDED],
}


class FindingOut(BaseModel):
    """One piece of evidence."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_FINDING]})

    kind: Literal["tests", "quality", "behavior", "hand", "none"]
    status: _STATUS
    what: str = Field(description="Tests, a metric's name, or who looked.")
    said: str
    todo: str = Field(description="What would make it pass; empty where it does.")
    href: str = Field(description="Where it can be seen.")
    on: date | None = Field(description="When it was found.")
    source: str


class CriterionOut(BaseModel):
    """An acceptance criterion with its evidence. All of it has to hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CRITERION]})

    id: str
    story: str
    text: str = Field(description="Markdown, one line.")
    owner: str
    status: _STATUS
    evidence: list[FindingOut]


class GuardedOut(BaseModel):
    """A metric against its guardrail."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GUARDED]})

    id: str
    owner: str
    evidence: FindingOut


class ReasonOut(BaseModel):
    """Why the release is held."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_REASON]})

    id: str
    kind: Literal["criterion", "gate", "guardrail", "report", "prd"]
    status: _STATUS
    said: str
    todo: str
    href: str
    about: str = Field(description="The criterion, or the metric's name.")


class LaunchOut(BaseModel):
    """Ship or hold. Nothing overrides it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ALL]})

    verdict: Literal["ship", "hold"]
    release: str
    made_at: datetime
    counts: dict[str, int] = Field(description="Criteria by status.")
    reasons: list[ReasonOut] = Field(description="In order of weight; empty: ship.")
    criteria: list[CriterionOut]
    gates: list[GuardedOut] = Field(description="Quality, from the committed eval report.")
    guardrails: list[GuardedOut] = Field(description="Behavior over the last 28 days.")

    @classmethod
    def of(cls, ready: Readiness) -> LaunchOut:
        """As programs read it."""
        statuses: tuple[_STATUS, ...] = ("pass", "fail", "unknown")
        return cls(
            verdict=ready.verdict,
            release=ready.release,
            made_at=ready.made,
            counts={status: ready.count(status) for status in statuses},
            reasons=[ReasonOut.model_validate(one) for one in ready.reasons],
            criteria=[
                CriterionOut(
                    id=one.criterion.id,
                    story=story.title,
                    text=one.criterion.text,
                    owner=one.owner,
                    status=one.status,
                    evidence=[FindingOut.model_validate(each) for each in one.findings],
                )
                for story in ready.stories
                for one in story.criteria
            ],
            gates=[_guarded(one.id, one.owner, one.finding) for one in ready.gates],
            guardrails=[_guarded(one.id, one.owner, one.finding) for one in ready.guardrails],
        )


def _guarded(name: str, owner: str, finding: object) -> GuardedOut:
    return GuardedOut(id=name, owner=owner, evidence=FindingOut.model_validate(finding))
