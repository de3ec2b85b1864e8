"""The cases of a run as a list: filters, order, pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFile
from app.web.pm.evals import run_words as words
from app.web.templating import query
from app.web.units import said

PER_PAGE = 50
PARAMETERS = ("q", "outcome", "kind", "phrasing", "split", "state", "expected")
SORTS = {"": "As asked", "sure": "Surest first", "unsure": "Least sure first", "slow": "Slowest"}
_ORDERS: Mapping[str, Callable[[Row], tuple[float, str]]] = {
    "sure": lambda row: (-row.probability, row.id),
    "unsure": lambda row: (row.probability, row.id),
    "slow": lambda row: (-row.scores.get("total_ms", 0.0), row.id),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter that is offered: (value, words, how many cases) for each thing to choose."""

    name: str
    label: str
    any: str
    chosen: str
    values: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in words."""

    row: Row
    href: str
    outcome: str
    facts: tuple[str, ...]
    sure: str
    took: str


@dataclass(frozen=True, slots=True)
class Cases:
    """One page of the list. ``chips``: words of each active filter, and the list without it."""

    rows: tuple[CaseRow, ...]
    found: int
    of: int
    page: int
    pages: int
    choices: tuple[Choice, ...]
    chips: tuple[tuple[str, str], ...]
    sorts: tuple[tuple[str, str, bool], ...]
    values: Mapping[str, str]
    previous: str
    following: str
    csv: str


def cases(run: RunFile, given: Mapping[str, str]) -> Cases:
    """What the parameters of an address ask for; those that mean nothing are left out."""
    choices = _choices(run, given)
    values = {"q": given.get("q", "").strip()[:200]} | {one.name: one.chosen for one in choices}
    values = {name: value for name, value in values.items() if value}
    found = matching(run, values)
    sort = given.get("sort", "")
    if sort in _ORDERS:
        found = sorted(found, key=_ORDERS[sort])
        values["sort"] = sort
    pages = max(1, -(-len(found) // PER_PAGE))
    asked = given.get("page", "")
    page = min(max(int(asked) if asked.isdecimal() and len(asked) < 7 else 1, 1), pages)
    here = words.run_url(run.name)

    def url(**changes: str | int) -> str:
        return f"{here}{query(values, **changes)}#cases"

    return Cases(
        rows=tuple(case_row(run, row) for row in found[(page - 1) * PER_PAGE : page * PER_PAGE]),
        found=len(found),
        of=len(run.rows),
        page=page,
        pages=pages,
        choices=choices,
        chips=tuple(
            (_chip(choices, name, value), url(**{name: ""}))
            for name, value in values.items()
            if name != "sort"
        ),
        sorts=tuple((said_, url(sort=name), name == sort) for name, said_ in SORTS.items()),
        values=values,
        previous=url(page=page - 1) if page > 1 else "",
        following=url(page=page + 1) if page < pages else "",
        csv=f"{here}/cases.csv{query(values)}",
    )


def matching(run: RunFile, values: Mapping[str, str]) -> list[Row]:
    """The cases that all filters let through, in the report's order."""
    text = values.get("q", "").casefold()
    return [
        row
        for row in run.rows
        if (not text or text in _searched(row))
        and all(value in _words_of(row, name) for name, value in values.items() if name in _FIELDS)
    ]


def case_row(run: RunFile, row: Row) -> CaseRow:
    """A case in words. Without texts it is called by its id."""
    took = row.scores.get("total_ms")
    return CaseRow(
        row=row,
        href=words.case_url(run.name, row.id),
        outcome=words.outcome(row),
        facts=(
            row.id if row.question else "",
            *(words.tag_words(tag) for tag in row.tags),
            "follow-up" if row.after else "",
        ),
        sure=said(row.probability, "ratio"),
        took="" if took is None else said(took, "ms"),
    )


# --- steps ----------------------------------------------------------------------------------------

_FIELDS: Mapping[str, tuple[str, str]] = {
    "outcome": ("Outcome", "Any outcome"),
    "phrasing": ("Written", "However written"),
    "kind": ("Kind", "All kinds"),
    "state": ("State given", "Any state given"),
    "expected": ("State wanted", "Any state wanted"),
    "split": ("Split", "Both splits"),
}
_SAID: Mapping[str, Mapping[str, str]] = {
    "outcome": words.OUTCOMES,
    "phrasing": words.PHRASINGS,
    "state": words.STATES,
    "expected": words.STATES,
    "split": words.SPLITS,
}


def _words_of(row: Row, name: str) -> tuple[str, ...]:
    """What a case has in one of the filters' fields."""
    match name:
        case "outcome":
            return (words.outcome(row),)
        case "phrasing":
            return tuple(tag for tag in row.tags if tag in words.PHRASINGS)
        case "kind":
            return tuple(tag for tag in row.tags if tag not in words.PHRASINGS)
        case _:
            value = str(getattr(row, name))
            return (value,) if value else ()


def _choices(run: RunFile, given: Mapping[str, str]) -> tuple[Choice, ...]:
    """Filters that would tell cases apart, with how many cases each value has."""
    found = []
    for name, (label, every) in _FIELDS.items():
        counts = Counter(value for row in run.rows for value in _words_of(row, name))
        order: Sequence[str] = [*_SAID.get(name, ())] or [tag for tag, _ in counts.most_common()]
        values = tuple(
            (value, _said(name, value), counts[value]) for value in order if counts[value]
        )
        chosen = given.get(name, "")
        chosen = chosen if chosen in counts else ""
        if len(values) > 1 or chosen:
            found.append(Choice(name, label, every, chosen, values))
    return tuple(found)


def _said(name: str, value: str) -> str:
    return _SAID[name].get(value, value) if name in _SAID else words.tag_words(value)


def _chip(choices: Sequence[Choice], name: str, value: str) -> str:
    label = next((one.label for one in choices if one.name == name), "Words")
    return f"{label}: {_said(name, value) if name != 'q' else value}"


def _searched(row: Row) -> str:
    return "\n".join((row.id, row.question, row.text, row.reference, *row.answers)).casefold()
