"""How often Python looks for objects that only refer to each other.

It looks after every few hundred new objects, and at all there are whenever they have grown by a
quarter. While a server starts they grow from none to 570,000, nearly all of which stay: looking
took 0.6 of the 3.7 s of processor time that its imports took, and held up every thread.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
_RARELY = 1_000_000
"""New objects between two looks. More than a start makes, yet not without end: a model that is
being fetched may take minutes, and requests come meanwhile."""


def collect_rarely() -> None:
    """From now to `collect_as_usual`."""
    gc.set_threshold(_RARELY, *_USUAL[1:])


def collect_as_usual() -> None:
    """Ends `collect_rarely`: what is there by now stays and is not looked at again.

    So no answer waits for that later either. Without `collect_rarely` before, nothing is done.
    """
    if gc.get_threshold()[0] == _RARELY:
        gc.freeze()
        gc.set_threshold(*_USUAL)
