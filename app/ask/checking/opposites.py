"""Words that say the contrary of one another."""

from __future__ import annotations

from collections.abc import Mapping

from app.ask.checking.claims import Token, fold, stem

_PAIRS = """
allow allowed permit permitted authorize | forbid forbidden prohibit prohibited ban banned disallow
allowed permitted permissible eligible | disallowed forbidden prohibited ineligible
require required requirement mandatory compulsory obligatory obliged | optional voluntary
increase rise rose risen grow grew grown gain raise raised | decrease decline fall fell fallen drop
increase grow raise raised gain | lowered shrink shrank reduce reduction
higher more greater above over exceed longer | lower less fewer below under shorter
earlier | later
minimum least | maximum most
enable enabled activate | disable disabled deactivate
open | close closed
start begin began begun commence | end ended stop stopped finish cease
include included including | exclude excluded excluding
win won victory beat | lose lost defeat defeated
succeed succeeded success successful successfully | fail failed failure unsuccessful unsuccessfully
approve approved accept accepted grant granted | reject rejected deny denied decline refuse refused
internal internally | external externally
public publicly | private privately
inside indoor | outside outdoor
north northern northward | south southern southward
east eastern eastward | west western westward
left | right
first | last
early | late
old older oldest | young younger youngest new newer newest
hot hotter warm warmer | cold colder cool cooler
high highest | low lowest
large larger largest big bigger biggest | small smaller smallest
long longest | short shortest
fast faster quick | slow slower
strong stronger strongest | weak weaker weakest
rich richer | poor poorer
heavy heavier | light lighter
majority | minority
positive positively | negative negatively
buy bought purchase | sell sold sale
import imported | export exported
male man men | female woman women
major | minor
legal lawful | illegal unlawful
possible | impossible
common frequent frequently | rare rarely uncommon infrequent
agree agreed | disagree disagreed
support supported favor | oppose opposed against
join joined | leave left
arrive arrived | depart departed
safe | dangerous unsafe
manual manually | automatic automatically
upper | lower
true correct | false incorrect
same identical | different
temporary temporarily | permanent permanently
domestic | foreign
best better | worst worse
add added introduce | remove removed delete deleted drop dropped
create created build built | destroy destroyed
encourage encouraged | discourage discouraged
active | inactive passive
full | empty
single | multiple
always | never rarely seldom
everyone everybody everything | nobody nothing
senior | junior
winter | summer
morning | afternoon evening
day | night
often usually generally | rarely seldom never
"""


def _opposites() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for line in _PAIRS.strip().splitlines():
        left, right = ({stem(word) for word in side.split()} for side in line.split("|"))
        for one, other in ((left, right), (right, left)):
            for word in one:
                table.setdefault(word, set()).update(other - one)
    return table


OPPOSITES = _opposites()
"""Stem → the stems that say the contrary."""

SMALL_OPPOSITES: dict[str, set[str]] = {
    word: {other for other in words.split() if other != word}
    for words in (
        "with without",
        "before after",
        "all none some most few no",
        "every no some",
        "must may should",
        "over under",
        "above below",
        "inside outside",
        "more less fewer",
        "most least",
        "always never sometimes",
        "and or",
        "first last",
    )
    for word in words.split()
}
"""Function words that say something else in each other's place."""
SMALL_OPPOSITES["all"] = {"none", "some", "most", "few", "no"}
SMALL_OPPOSITES["some"] = {"all", "none", "most", "few", "no", "every"}
SMALL_OPPOSITES["no"] = {"all", "some", "every", "most"}
SMALL_OPPOSITES["most"] = {"all", "none", "some", "few", "least"}

PREFIXES = ("un", "in", "im", "non", "dis", "ir", "il", "de")
"""What denies when it is put before a word."""


def by_prefix(token: Token, others: Mapping[str, str]) -> set[str]:
    """Keys of the words that are this one with "un-" or "in-" before it, or without.

    ``others``: folded word → key.
    """
    word = fold(token.text)
    if len(word) < 4:
        return set()
    longer = {others[prefix + word] for prefix in PREFIXES if prefix + word in others}
    shorter = {
        others[word[len(prefix) :]]
        for prefix in PREFIXES
        if word.startswith(prefix) and len(word) - len(prefix) > 3 and word[len(prefix) :] in others
    }
    return longer | shorter
