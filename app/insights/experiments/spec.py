"""What an experiment is, read from a YAML file or a form; every mistake named with its line.

See ``prd/experiments/README.md`` for the format. Scalars are read as text and converted by type, so
that YAML's own guesses (``no`` is false, ``1_0`` is ten) change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.ask.arm_settings import ALLOWED, checked
from app.errors import SettingsError
from app.insights.experiments.units import MEASURES
from app.records.product.experiments import Arm, Guardrail, Spec

FOLDER = "experiments"
"""Below the PRD's folder: specifications as ``*.yaml``, notes as ``*.md``."""
MOST_ARMS = 5
"""More would take months to tell apart with a team's traffic."""
_ID = r"^[a-z0-9][a-z0-9-]{0,58}$"
_NAME = r"^[a-z0-9][a-z0-9_-]{0,38}$"
_Path = tuple[str | int, ...]


def _share(value: Any) -> Any:
    text = str(value).strip()
    if text.endswith("%"):
        number = text.removesuffix("%").strip()
        return float(number) / 100 if re.fullmatch(r"\d+(\.\d+)?", number) else value
    return value


_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _GuardrailIn(_Strict):
    metric: str
    at_most: _Number | None = None
    at_least: _Number | None = None

    @field_validator("metric")
    @classmethod
    def _known(cls, value: str) -> str:
        return _measured(value)

    @model_validator(mode="after")
    def _one_limit(self) -> _GuardrailIn:
        if self.at_most is not None and self.at_least is not None:
            raise ValueError("give at_most or at_least, not both")
        return self


class _SpecIn(_Strict):
    id: str = Field(pattern=_ID)
    hypothesis: str = Field(min_length=1, max_length=2000)
    metric: str
    arms: dict[Annotated[str, Field(pattern=_NAME)], dict[str, Any]]
    control: str = ""
    share: Annotated[_Number, BeforeValidator(_share), Field(gt=0, le=1)] = 1.0
    minimum_effect: Annotated[_Number, Field(gt=0)] | None = None
    guardrails: list[_GuardrailIn] = Field(default_factory=list)
    stop_on_breach: bool = False

    @field_validator("metric")
    @classmethod
    def _known(cls, value: str) -> str:
        return _measured(value)

    @field_validator("arms", mode="before")
    @classmethod
    def _empty_arms(cls, value: Any) -> Any:
        # ``control:`` with nothing behind it is an arm that changes nothing.
        if isinstance(value, Mapping):
            return {name: one or {} for name, one in value.items()}
        return value

    @field_validator("arms")
    @classmethod
    def _some_arms(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not 2 <= len(value) <= MOST_ARMS:
            raise ValueError(f"an experiment has 2 to {MOST_ARMS} arms, this one has {len(value)}")
        return value

    @field_validator("control")
    @classmethod
    def _an_arm(cls, value: str, info: ValidationInfo) -> str:
        arms = info.data.get("arms")
        if value and arms is not None and value not in arms:
            raise ValueError(f"the arms are {', '.join(arms)}")
        return value


def _measured(value: str) -> str:
    if value not in MEASURES:
        raise ValueError(f"it is not measured in experiments; choose from {', '.join(MEASURES)}")
    return value


def read_spec(path: Path) -> Spec:
    """The specification in a file.

    Raises:
        SettingsError: it cannot be read or is wrong; names file, line and field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The experiment file {path.name} can't be read.", "Check its name and its rights."
        ) from error
    return parse_spec(text, path.name)


def parse_spec(text: str, name: str) -> Spec:
    """The specification in a file's text; ``name`` is the file's, for messages.

    Raises:
        SettingsError: it is wrong; names file, line and field.
    """
    try:
        loader = yaml.BaseLoader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(
            f"{name}{line}: this is not YAML ({error.problem or error.context}).",
            "Correct the line; prd/experiments/README.md shows a whole file.",
        ) from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}: this is not a text file.", "Save it as UTF-8.") from error
    lines = _lines(node)
    if not isinstance(data, dict):
        raise SettingsError(
            f"{name}: this holds no experiment.",
            "Begin with “id:”; prd/experiments/README.md shows a whole file.",
        )
    return _spec(data, lambda path: f"{name}, line {_line(lines, path)}", lines.get(("twice",)))


def spec_of(data: Mapping[str, Any]) -> Spec:
    """The specification that a form or a program gives, as a file would have it.

    Raises:
        SettingsError: it is wrong; names the field.
    """
    return _spec(data, lambda _path: "", None)


def _spec(data: Mapping[str, Any], where: Any, twice: int | None) -> Spec:
    if twice:
        raise _wrong(where(("twice",)), "a name stands there for the second time")
    try:
        given = _SpecIn.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(where(first["loc"]), _told(first["loc"], first)) from error
    arms = []
    for name, settings in given.arms.items():
        try:
            arms.append(Arm(name, checked(settings)))
        except ValidationError as error:
            first = error.errors()[0]
            path = ("arms", name, *first["loc"])
            raise _wrong(where(path), _told(path, first)) from error
    return Spec(
        id=given.id,
        hypothesis=given.hypothesis,
        metric=given.metric,
        arms=tuple(arms),
        control=given.control or arms[0].name,
        share=given.share,
        minimum_effect=given.minimum_effect,
        guardrails=tuple(
            Guardrail(one.metric, one.at_most, one.at_least) for one in given.guardrails
        ),
        stop_on_breach=given.stop_on_breach,
    )


# --- what is wrong, and where ---------------------------------------------------------------------


def _wrong(where: str, told: str) -> SettingsError:
    return SettingsError(
        f"{where}{': ' if where else ''}{told}.",
        "Correct it and try again; prd/experiments/README.md explains every field.",
    )


def _told(path: _Path, error: Any) -> str:
    """One mistake in words: the field, and what it has to be."""
    path = tuple(part for part in path if part != "[key]")
    field = ".".join(str(part) for part in path) or "the whole"
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return f"“{field}” is missing"
    if kind == "extra_forbidden":
        in_arm = len(path) > 2 and path[0] == "arms"
        allowed = ALLOWED if in_arm else tuple(_SpecIn.model_fields)
        if path[0] == "guardrails":
            allowed = tuple(_GuardrailIn.model_fields)
        return f"“{field}” is unknown; allowed are {', '.join(allowed)}"
    if kind == "string_pattern_mismatch":
        return f"“{field}” can't be “{error['input']}”: names are small letters, digits and hyphens"
    if kind == "value_error":
        given = f" is “{error['input']}”" if isinstance(error["input"], str) else ""
        return f"“{field}”{given}: {context['error']}"
    if kind in ("dict_type", "list_type"):
        return f"“{field}” should be a list of " + (
            "names with values" if kind[0] == "d" else "entries"
        )
    said = str(error["msg"]).removeprefix("Input should be ")
    return f"“{field}” is “{error['input']}” and should be {said}"


def _lines(node: Any) -> dict[_Path, int]:
    """Line of every key and item, from 1; under ``("twice",)`` the first repeated key's."""
    found: dict[_Path, int] = {}

    def walk(node: Any, path: _Path) -> None:
        found.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*path, str(key.value))
                if here in found:
                    found.setdefault(("twice",), key.start_mark.line + 1)
                found[here] = key.start_mark.line + 1
                walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                walk(value, (*path, number))

    if node is not None:
        walk(node, ())
    return found


def _line(lines: Mapping[_Path, int], path: _Path) -> int:
    """The line of the nearest thing that is there: a missing field has none of its own."""
    path = tuple(path)
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path, 1)
