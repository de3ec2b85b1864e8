"""What `footnote eval calibrate` does: gather, fit, compare with the model in use, write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from app.domain import Level
from app.errors import BadRequest
from app.settings import load_settings
from evals.commands import evaluate as command
from evals.confidence import comparison, confidence_file, fitting
from evals.confidence.comparison import Gain, Judged
from evals.confidence.confidence_file import InUse
from evals.confidence.fitting import Cases, Fit, Fitter, Thresholds, Weights
from evals.confidence.gathering import Asking, Source, cases, gather, named_apart
from evals.reporting import rendering
from evals.reporting.folder import write
from evals.scoring import curves
from evals.scoring.calibration import Floats

_WORSE = 0.01
"""A Brier score higher by this is worth a warning: differences of three points and less in what is
said are noise at the sizes that golden sets have."""
Kind = Literal["auto", "signals", "scale"]
"""``signals``: a coefficient for each; ``scale``: the model in use with another slope and
intercept, for few cases; ``auto``: by their number."""


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """The command's options.

    ``sources`` are fitted on; ``tests`` are only reported on. ``refused``: share of answerable
    questions that may be refused. ``medium``, ``high``: share of right answers that a level stands
    for. ``every_signal``: fit those that the model in use leaves out, too. ``force``: write the
    file though it is not better.
    """

    sources: tuple[Source, ...]
    tests: tuple[Source, ...]
    asking: Asking
    out: Path
    charts: Path | None = None
    weights: Weights = "balanced"
    kind: Kind = "auto"
    refused: float = 0.05
    medium: float = 2 / 3
    high: float = 0.9
    every_signal: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Refit:
    """A new model, judged on cases that it has not seen; ``held_out``: how, in words.

    ``new``: its probability of every case, those only reported on last; ``seen``: those that it
    was fitted on, in other folds. ``before``, ``after``: the model in use and the new one on each
    collection. ``levels``: level → how often its answers were right, in words; only of levels that
    were measured on enough answers.
    """

    kind: Kind
    fit: Fit
    thresholds: Thresholds
    prior: float
    held_out: str
    cases: Cases
    seen: NDArray[np.bool_]
    new: Floats
    gain: Gain
    before: list[Judged]
    after: list[Judged]
    levels: dict[str, str]


def calibrate(options: CalibrateOptions, console: Console) -> bool:
    """Fit, show, and write the file when it is better; whether it was written.

    Raises:
        FootnoteError: too few questions; or they, the index or a setting cannot be used.
    """
    if not options.sources:
        raise BadRequest(
            "There are no questions to fit on.",
            "Give --cases FILE (about the documents you have ingested), --dataset LAYOUT:PATH or "
            "--run FILE.",
        )
    current = confidence_file.in_use(load_settings())
    both = (*options.sources, *options.tests)
    results = named_apart([gather(where, options.asking, console) for where in both])
    parts = [cases(result, current.model, every_signal=options.every_signal) for result in results]
    made = refit(parts[: len(options.sources)], parts[len(options.sources) :], current, options)
    better = made.gain.better
    _show(made, current, console)
    if options.charts is not None:
        _write_charts(options.charts, made, current)
    if better or options.force:
        document = json.dumps(to_file(made, current), ensure_ascii=False, indent=2)
        write(options.out, document + "\n")
        console.print(f"Written to {options.out}. Use it: FOOTNOTE_CONFIDENCE_FILE={options.out}")
    else:
        console.print(f"{options.out} was not written; --force writes it all the same.")
    return better or options.force


def refit(
    parts: Sequence[Cases], tests: Sequence[Cases], current: InUse, options: CalibrateOptions
) -> Refit:
    """The new model, its thresholds, and how it compares on cases that it has not seen.

    Raises:
        BadRequest: too few cases, or nothing can be told from them.
    """
    every = fitting.together([*parts, *tests])
    seen = np.arange(len(every)) < sum(len(part) for part in parts)
    train = every.where(seen)
    as_is = float(train.answerable.mean())
    prior = confidence_file.EVEN if options.weights == "balanced" else as_is
    kind = _kind(train, options.kind)
    fitter: Fitter = (
        partial(fitting.fit_signals, signs=current.signs, how=options.weights)
        if kind == "signals"
        else partial(fitting.rescale, model=current.model, how=options.weights)
    )
    fold, words = fitting.folds(train)
    unseen = fitting.held_out(train, fitter, fold)
    fit = fitter(train)
    new = np.concatenate([unseen, fit.probabilities(every.where(~seen))])
    old = fitting.model_probabilities(current.model, every)
    limits = fitting.thresholds(unseen, train, options.refused, options.medium, options.high)
    used = current.model
    limits_used = Thresholds(used.answer_from, used.medium_from, used.high_from)
    return Refit(
        kind=kind,
        fit=fit,
        thresholds=limits,
        prior=prior,
        held_out=words,
        cases=every,
        seen=seen,
        new=new,
        gain=comparison.gain(old, new, every.answerable, fitting.weigh(every, options.weights)),
        before=comparison.judge_each(every, old, limits_used, current.prior),
        after=comparison.judge_each(every, new, limits, prior),
        levels={
            level: fitting.in_words(share)
            for level, (share, count) in comparison.share_right(unseen, train.right, limits).items()
            if share is not None and count >= fitting.FEWEST_IN_LEVEL
        },
    )


def to_file(made: Refit, current: InUse) -> dict[str, Any]:
    """The confidence file, as `app.ask.confidence` reads it and people can check it."""
    names = list(dict.fromkeys(made.cases.collections.tolist()))
    fitted = {name: bool(made.seen[made.cases.collections == name].all()) for name in names}
    judged = {one.collection: one for one in made.after}
    return {
        "what": "Logistic model of: do the documents hold an answer? Probability = "
        "1 / (1 + exp(-(intercept + sum of coefficient * signal))). It assumes that "
        f"{100 * made.prior:.0f} % of questions have an answer.",
        "fitted_on": [f"{n} ({judged[n].cases} questions)" for n in names if fitted[n]],
        "reported_on": [
            f"{n} ({f'held out, {made.held_out}' if fitted[n] else 'not fitted on'})" for n in names
        ],
        "date": datetime.now(UTC).date().isoformat(),
        "prior": round(made.prior, 3),
        "figures": {name: judged[name].to_json() for name in names},
        "intercept": made.fit.intercept,
        "coefficients": made.fit.coefficients,
        "signs": dict(current.signs),
        "dropped": made.fit.dropped,
        "thresholds": {
            "answer": made.thresholds.answer,
            "medium": made.thresholds.medium,
            "high": made.thresholds.high,
        },
        "levels": made.levels,
    }


def _kind(train: Cases, asked: Kind) -> Kind:
    """What there are enough cases for."""
    needed = fitting.PER_SIGNAL * len(train.names)
    if train.fewest < fitting.FEWEST:
        positives = int(train.answerable.sum())
        raise BadRequest(
            f"There are {positives} answerable and {len(train) - positives} unanswerable "
            "questions to fit on: too few to tell chance from rule.",
            f"At least {fitting.FEWEST} of each are needed to rescale the model, and {needed} of "
            f"each to fit its {len(train.names)} signals. Unanswerable ones are quickly made: "
            "questions people ask that your documents don't answer.",
        )
    if asked != "auto":
        return asked
    return "signals" if train.fewest >= needed else "scale"


def _tables(made: Refit, current: InUse) -> list[tuple[str, list[list[str]]]]:
    return [
        *comparison.grids(made.before, made.after),
        ("Signals", _signal_grid(made.fit, current)),
        ("Levels", _level_grid(made, current)),
    ]


def _signal_grid(fit: Fit, current: InUse) -> list[list[str]]:
    old = current.model.coefficients
    names = dict.fromkeys([*old, *fit.coefficients, *fit.dropped])
    grid = [["signal", "in use", "new", ""]]
    for name in names:
        new = fit.coefficients.get(name)
        grid.append(
            [
                name,
                f"{old[name]:.3f}" if name in old else "–",
                "–" if new is None else f"{new:.3f}",
                f"left out: {fit.dropped[name]}" if name in fit.dropped else "",
            ]
        )
    model = current.model
    return [*grid, ["intercept", f"{model.intercept:.3f}", f"{fit.intercept:.3f}", ""]]


def _level_grid(made: Refit, current: InUse) -> list[list[str]]:
    model, new = current.model, made.thresholds
    return [
        ["from a probability of", "in use", "new", "what the new level means"],
        ["answered at all", f"{model.answer_from:.3f}", f"{new.answer:.3f}", ""],
        *(
            [
                level.value,
                f"{old:.3f}",
                "never" if limit >= fitting.NEVER else f"{limit:.3f}",
                made.levels.get(level.value, "not measured: too few answers"),
            ]
            for level, old, limit in (
                (Level.MEDIUM, model.medium_from, new.medium),
                (Level.HIGH, model.high_from, new.high),
            )
        ),
    ]


def _remarks(made: Refit, current: InUse) -> list[str]:
    fitted = (
        f"{len(made.fit.coefficients)} signals were fitted"
        if made.kind == "signals"
        else "The model in use was rescaled (too few questions to fit its signals)"
    )
    return [
        f"{fitted}; figures are of questions held out, {made.held_out}. A probability assumes that "
        f"{100 * made.prior:.0f} % of questions have an answer.",
        f"The model in use was fitted on: {', '.join(current.fitted_on) or 'nothing named'}. "
        "Where that is here too, it has the advantage.",
        made.gain.verdict,
        *(
            f"On {after.collection} it is worse: Brier {after.brier:.3f} instead of "
            f"{before.brier:.3f}. Look there before you use it."
            for before, after in zip(made.before, made.after, strict=True)
            if before.brier is not None
            and after.brier is not None
            and after.brier > before.brier + _WORSE
        ),
    ]


def _show(made: Refit, current: InUse, console: Console) -> None:
    for title, grid in _tables(made, current):
        console.print(rendering.table(title, grid[0], grid[1:]))
    for remark in _remarks(made, current):
        console.print(remark, markup=False, highlight=False)


def _write_charts(folder: Path, made: Refit, current: InUse) -> None:
    """Both pictures of the new model, and a page with them and every table."""
    names = list(dict.fromkeys(made.cases.collections.tolist()))
    masks = {name: made.cases.collections == name for name in names}
    diagrams = [
        curves.reliability(name, made.new[mask], made.cases.answerable[mask])
        for name, mask in masks.items()
    ]
    lines = [
        curves.risk_coverage(
            name,
            zip(made.new[mask].tolist(), _known(made.cases.right[mask]), strict=True),
            made.thresholds.answer,
        )
        for name, mask in masks.items()
    ]
    drawn = [one for one in diagrams if one], [one for one in lines if one]
    text = ["# Calibration", "", *(f"- {remark}" for remark in _remarks(made, current))]
    for title, grid in _tables(made, current):
        text += rendering.markdown_table(title, grid)
    for title, grid in rendering.chart_grids(*drawn):
        text += rendering.markdown_table(title, grid, rendering.PICTURES[title])
    write(folder / "calibration.md", "\n".join([*text, ""]))
    command.write_pictures(folder, *drawn)


def _known(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
