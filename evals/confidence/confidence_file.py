"""The file that `app.ask.confidence` reads: which one is in use, what it says, and a new one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.ask import confidence
from app.ask.confidence import Model, load_model
from app.errors import SettingsError
from app.settings import Settings

SHIPPED = Path(confidence.__file__).with_name("confidence.json")
"""The model that comes with the package."""
EVEN = 0.5
"""Share of answerable questions assumed by a file that names none: its classes weighed the same."""


@dataclass(frozen=True, slots=True)
class InUse:
    """The confidence model that a product with these settings has.

    ``signs``: signal → 1 when more of it speaks for an answer, −1 when it speaks against, as
    declared in the file, else as its coefficient has it. ``prior``: the share of answerable
    questions that its probabilities assume. ``fitted_on``: the data it has seen, in words.
    """

    model: Model
    signs: Mapping[str, int]
    prior: float
    fitted_on: tuple[str, ...]


def path(settings: Settings) -> Path:
    """The file in use."""
    return Path(settings.confidence_file) if settings.confidence_file else SHIPPED


def in_use(settings: Settings) -> InUse:
    """What the file in use says.

    Raises:
        SettingsError: it cannot be read, or is no confidence file.
    """
    file = path(settings)
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        model = load_model(file)
        signs = {name: 1 if value > 0 else -1 for name, value in model.coefficients.items()}
        signs |= {str(name): int(sign) for name, sign in data.get("signs", {}).items()}
        fitted_on = tuple(str(name) for name in data.get("fitted_on", ()))
        return InUse(model, signs, float(data.get("prior", EVEN)), fitted_on)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"The confidence file {file} can't be read.",
            "Correct FOOTNOTE_CONFIDENCE_FILE, or leave it out for the one shipped.",
        ) from error


def fingerprint(settings: Settings) -> str:
    """Of the file's content; empty when there is none."""
    file = path(settings)
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.is_file() else ""


def note_on(settings: Settings, dataset: str) -> str:
    """What a report on ``dataset`` has to say where the model in use was fitted on it; else empty.

    Raises:
        SettingsError: the file cannot be read.
    """
    names = {name.partition(" (")[0] for name in in_use(settings).fitted_on}
    if dataset not in names:
        return ""
    return (
        "The confidence in use was fitted on these questions too: refusals, levels and calibration "
        "here are not held out. The fit's own report says how it does on what it has not seen."
    )


def without_refusals(settings: Settings, target: Path) -> Path:
    """A copy of the file in use that answers whenever there is anything to quote, in ``target``.

    A refused question has no answer that could be judged, and a new threshold may not refuse it.
    """
    data: dict[str, Any] = json.loads(path(settings).read_text(encoding="utf-8"))
    data["thresholds"] = data["thresholds"] | {"answer": 0.0}
    target.write_text(json.dumps(data), encoding="utf-8")
    return target
