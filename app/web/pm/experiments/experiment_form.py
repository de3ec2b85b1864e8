"""The form that makes an experiment on the page: a control as things are, and one other arm.

It offers the settings that quoted answers have; what names files or models is for files, which
somebody reviews.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTROL = "as-it-is"
SETTINGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "quote_sentences": ("Sentences quoted at most", ()),
    "read_passages": ("Passages read", ()),
    "candidates": ("Passages from each index", ()),
    "dense_weight": ("Weight of meaning against words, 0 to 1", ()),
    "answer_threshold": ("Probability below which nothing is answered", ()),
    "mode": ("How it answers", ("quotes", "written")),
    "unsupported_sentences": ("Unsupported written sentences", ("mark", "remove")),
    "prompt": ("Instructions for written answers", ()),
}
"""Setting → words, and the values to choose from where there are few."""


def given_spec(form: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as a file would have it; a field left empty says nothing."""
    said = {name: value.strip() for name, value in form.items() if value.strip()}
    changes = {name: said[name] for name in SETTINGS if name in said}
    spec: dict[str, Any] = {
        name: said[name] for name in ("id", "hypothesis", "metric") if name in said
    }
    if "effect" in said:
        spec["minimum_effect"] = said["effect"]
    if "share" in said:
        spec["share"] = f"{said['share']}%"
    arm = said.get("arm", "other")
    spec["arms"] = {CONTROL: {}, arm: changes} if arm != CONTROL else {arm: changes}
    if "guardrail" in said:
        guardrail: dict[str, Any] = {"metric": said["guardrail"]}
        if "limit" in said:
            guardrail[said.get("side", "at_most")] = said["limit"]
        spec["guardrails"] = [guardrail]
        spec["stop_on_breach"] = "stop" in said
    return spec
